/** The steps of building a binding, each from files to files. */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { join } from 'node:path'
import { wheelTags } from './pinned.ts'
import { stubSource } from './stub.ts'
import { NativeInstallError, run } from './tools.ts'
import type { PinnedArchive } from './pinned.ts'

/**
 * Download an archive by its registry's own client, unless it is there already.
 *
 * @returns its file
 * @throws {NativeInstallError} it is not what was pinned
 */
export async function fetchArchive(
  archive: PinnedArchive,
  folder: string,
  signal?: AbortSignal
): Promise<string> {
  const file = join(folder, archive.file)
  if (existsSync(file) && (await isPinned(archive, file))) return file
  await rm(file, { force: true })
  const what = `${archive.name}${archive.file.endsWith('.whl') ? '==' : '@'}${archive.version}`
  if (archive.file.endsWith('.whl')) {
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
    const which = ['--no-deps', '--only-binary=:all:', '--implementation', 'cp', ...wheelTags]
    await run('python3', ['-m', 'pip', 'download', ...quiet, ...which, '--dest', folder, what], { signal })
  } else await run('npm', ['pack', what, '--silent', '--pack-destination', folder], { signal })
  if (await isPinned(archive, file)) return file
  await rm(file, { force: true })
  throw new NativeInstallError(
    `${what} has another content than was pinned: it was removed; nothing of it was run`
  )
}

/** Whether a file has the size and the hash that were pinned. */
export async function isPinned({ sizeBytes, hash }: PinnedArchive, file: string): Promise<boolean> {
  if (!existsSync(file) || (await stat(file)).size !== sizeBytes) return false
  const digest = createHash(hash.algorithm)
  await pipeline(createReadStream(file), digest)
  return hash.algorithm === 'sha256'
    ? digest.digest('hex') === hash.hex
    : digest.digest('base64') === hash.base64
}

/** An npm archive, its one folder becoming `into`. */
export async function unpack(archive: string, into: string, signal?: AbortSignal): Promise<void> {
  await rm(into, { recursive: true, force: true })
  await mkdir(into, { recursive: true })
  await run('tar', ['-xzf', archive, '-C', into, '--strip-components=1', '--no-same-owner'], { signal })
}

/** A wheel is a ZIP archive of more than a gigabyte; these are the parts that a C program needs. */
const EXTRACT = `
import os, sys, zipfile
wheel, into = sys.argv[1:]
libraries = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')
base = 'tensorflow/include/'
headers = tuple(base + part for part in (
    'tensorflow/c/', 'xla/tsl/c/', 'tsl/platform/ctstring', 'tensorflow/core/platform/ctstring'))
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in libraries:
            target = os.path.join(into, 'lib', os.path.basename(name))
        elif name.startswith(headers) and name.endswith('.h'):
            target = os.path.join(into, 'include', name[len(base):])
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, 'wb') as sink:
            while chunk := source.read(1 << 20):
                sink.write(chunk)
`

/** The two libraries to `into/lib`, the C headers to `into/include`. */
export async function extractLibrary(wheel: string, into: string, signal?: AbortSignal): Promise<void> {
  await run('python3', ['-c', EXTRACT, wheel, into], { signal })
}

export interface CompileInit {
  /** The package's folder, libraries and headers of TensorFlow in `deps`. */
  root: string
  nodeHeaders: string
}

/** The version of Node.js' C interface that the sources ask for. */
const NAPI = 8

/** The binding, finding its libraries from where it lies. */
export async function compile({ root, nodeHeaders }: CompileInit, signal?: AbortSignal): Promise<void> {
  const into = join('lib', `napi-v${NAPI}`)
  await mkdir(join(root, into), { recursive: true })
  const options = [`-DNAPI_VERSION=${NAPI}`, '-std=c++17', '-O2', '-shared', '-fPIC']
  const includes = ['.', join('deps', 'include'), nodeHeaders].map((path) => `-I${path}`)
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join('binding', name))
  const libraries = ['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2']
  const linking = [`-L${join('deps', 'lib')}`, ...libraries, '-Wl,-rpath,$ORIGIN/../../deps/lib']
  const output = ['-o', join(into, 'tfjs_binding.node')]
  await run('g++', [...options, ...includes, ...sources, ...linking, ...output], { cwd: root, signal })
}

/** What the package's JavaScript would ask of other packages: TensorFlow.js is murmuration's own. */
export async function writeStandIns(root: string): Promise<void> {
  for (const name of ['tfjs', 'tfjs-core']) {
    const folder = join(root, 'node_modules', '@tensorflow', name)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'index.js'), stubSource)
  }
  // Records for TensorBoard, which would need another package.
  await writeFile(join(root, 'dist', 'proto', 'api_pb.js'), 'module.exports = {}\n')
}
