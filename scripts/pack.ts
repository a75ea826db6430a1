/**
 * Compile the kernels: `node scripts/pack.ts` writes a binary.ts beside each folder of AssemblyScript. The results are
 * committed, so that sources run without a build; a test compiles them again and compares.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { main } from 'assemblyscript/asc'

const root = join(import.meta.dirname, '..')

/** One WebAssembly module in the sources. */
interface Kernels {
  /** Holds assembly/index.ts and binary.ts. */
  folder: string
  /** The names of its builds, what each is for, and the compiler's options beyond those of all. */
  builds: Record<string, { purpose: string; options: string[] }>
}

const fused = ['--enable', 'relaxed-simd']
/** 1 GiB: what is imported may ask for less, never for more. */
const shared = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '16384']

/** All that is compiled. */
export const kernels: Kernels[] = [
  {
    folder: 'src/compute/wasm/pack',
    builds: {
      simd: { purpose: 'The training kernels, for every engine with SIMD', options: [] },
      relaxed: {
        purpose: 'The same with fused multiply-add, for engines with relaxed SIMD',
        options: fused
      }
    }
  },
  {
    folder: 'src/compute/wasm/helpers',
    builds: {
      simd: { purpose: 'Matrix products for helper threads, for every engine with SIMD', options: shared },
      relaxed: {
        purpose: 'The same with fused multiply-add, for engines with relaxed SIMD',
        options: [...fused, ...shared]
      }
    }
  },
  {
    folder: 'src/compute/vectors',
    builds: { vectors: { purpose: 'The kernels over flat vectors', options: [] } }
  }
]

/** Where the compiled modules of a folder are kept. */
export const targetOf = ({ folder }: Kernels): string => join(root, folder, 'binary.ts')

// No runtime, no data, no memory of its own: it works on the memory of TensorFlow.js' module. Warning 201 is about
// addresses that would not fit into 64 bits.
const options =
  '--runtime stub --importMemory --noExportMemory --initialMemory 0 --noAssert -O3 --converge --enable simd --disableWarning 201'

/** Thrown when the pack's sources do not compile. */
class PackBuildError extends Error {
  static override name = 'PackBuildError'
}

/** The text of a folder's binary.ts. */
export async function binaryModule({ folder, builds }: Kernels): Promise<string> {
  let text = '// Written by scripts/pack.ts from assembly/; do not edit.\n'
  for (const [name, { purpose, options }] of Object.entries(builds)) {
    const base64 = await compiled(`${folder}/assembly/index.ts`, options)
    text += `\n/** ${purpose}: base64 of a WebAssembly module. */\nexport const ${name} = '${base64}'\n`
  }
  return text
}

async function compiled(source: string, more: string[]): Promise<string> {
  const files = new Map<string, Uint8Array>()
  const writeFile = (name: string, contents: Uint8Array | string): void => {
    if (typeof contents !== 'string') files.set(name, contents)
  }
  const args = [source, '--baseDir', root, '--outFile', 'pack.wasm', ...options.split(' '), ...more]
  const { error, stderr } = await main(args, { writeFile })
  const [binary] = files.values()
  if (error != null || binary == null) throw new PackBuildError(stderr.toString(), { cause: error })
  return Buffer.from(binary).toString('base64')
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  for (const each of kernels) await writeFile(targetOf(each), await binaryModule(each))
}
