/**
 * Compile the kernel pack: `node scripts/pack.ts` writes src/compute/wasm/pack/binary.ts from the AssemblyScript beside
 * it. The result is committed, so that sources run without a build; a test compiles it again and compares.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { main } from 'assemblyscript/asc'

const root = join(import.meta.dirname, '..')
const SOURCE = 'src/compute/wasm/pack/assembly/index.ts'

/** Where the compiled modules are kept. */
export const TARGET = join(root, 'src/compute/wasm/pack/binary.ts')

// No runtime, no data, no memory of its own: it works on the memory of TensorFlow.js' module. Warning 201 is about
// addresses that would not fit into 64 bits.
const options =
  '--runtime stub --importMemory --noExportMemory --initialMemory 0 --noAssert -O3 --converge --enable simd --disableWarning 201'

/** Thrown when the pack's sources do not compile. */
class PackBuildError extends Error {
  static override name = 'PackBuildError'
}

/** The text of `TARGET`. */
export async function packModule(): Promise<string> {
  const [simd, relaxed] = [await compiled([]), await compiled(['--enable', 'relaxed-simd'])]
  return `// Written by scripts/pack.ts from assembly/; do not edit.

/** The kernels for every engine with SIMD, as base64 of a WebAssembly module. */
export const simd = '${simd}'

/** The same with fused multiply-add, for engines with relaxed SIMD. */
export const relaxed = '${relaxed}'
`
}

async function compiled(more: string[]): Promise<string> {
  const files = new Map<string, Uint8Array>()
  const writeFile = (name: string, contents: Uint8Array | string): void => {
    if (typeof contents !== 'string') files.set(name, contents)
  }
  const args = [SOURCE, '--baseDir', root, '--outFile', 'pack.wasm', ...options.split(' '), ...more]
  const { error, stderr } = await main(args, { writeFile })
  const [binary] = files.values()
  if (error != null || binary == null) throw new PackBuildError(stderr.toString(), { cause: error })
  return Buffer.from(binary).toString('base64')
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) await writeFile(TARGET, await packModule())
