/**
 * Building a binding of TensorFlow from what package registries have: `@tensorflow/tfjs-node`'s sources, and the library and
 * its C headers out of Python's wheel. The package's own install script would download the library from a host that is often
 * out of reach. All happens in a folder beside the final one, which is renamed when it is whole; archives that were
 * downloaded before are used again.
 */
import { mkdir, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compile, extractLibrary, fetchArchive, unpack, writeStandIns } from './steps.ts'
import { builtFolder, findNative, READY } from './folder.ts'
import { DISK_BYTES, nodeHeaders, SYSTEM, tensorflow, tfjsNode } from './pinned.ts'
import { checkTools, NativeInstallError } from './tools.ts'
import { checkOnce } from './trust.ts'

export { NativeInstallError } from './tools.ts'

/** What would be done. */
export interface InstallPlan {
  /** Where it is to lie. */
  folder: string
  /** True: it lies there already. */
  isDone: boolean
  /** From package registries: name, version, and size. */
  archives: { name: string; version: string; sizeBytes: number }[]
  /** While it is built, and some less after. */
  diskBytes: number
}

/**
 * Look whether it can be built here. Nothing is downloaded.
 *
 * @throws {NativeInstallError} another system, a missing program, too little room
 */
export async function planInstall(signal?: AbortSignal): Promise<InstallPlan> {
  const folder = builtFolder()
  const archives = [tensorflow, tfjsNode, nodeHeaders]
  const plan = { folder, isDone: existsSync(join(folder, READY)), archives, diskBytes: DISK_BYTES }
  if (plan.isDone) return plan
  checkSystem()
  await checkTools(signal)
  await mkdir(dirname(folder), { recursive: true })
  const { bavail, bsize } = await statfs(dirname(folder))
  const free = bavail * bsize
  if (free >= DISK_BYTES) return plan
  const needed = `${(DISK_BYTES / 1e9).toFixed(1)} GB are needed in ${dirname(folder)}`
  throw new NativeInstallError(
    `${needed}, ${(free / 1e9).toFixed(1)} are free: free some, or set MURMUR_NATIVE`
  )
}

function checkSystem(): void {
  const { platform, arch } = process
  if (platform === SYSTEM.platform && arch === SYSTEM.arch) return
  const found = `${platform} ${arch}`
  throw new NativeInstallError(
    `This recipe is for ${SYSTEM.platform} ${SYSTEM.arch}, this is ${found}: npm install @tensorflow/tfjs-node beside murmuration may work`
  )
}

export interface InstallOptions {
  signal?: AbortSignal
  /** What is being done now, in words. */
  onStep?(text: string): void
}

/**
 * Build it, and try it. Idempotent.
 *
 * @returns the folder
 * @throws {NativeInstallError} a step failed; the next run goes on from what is there
 * @throws {NativeTrialError} it was built, and does not compute what it should
 */
export async function installNative({ signal, onStep }: InstallOptions = {}): Promise<string> {
  const { folder, isDone } = await planInstall(signal)
  if (!isDone) await build(folder, { signal, onStep })
  onStep?.('Trying it')
  const native = findNative('tfjs-node')
  if (native == null)
    throw new NativeInstallError(`${folder} is damaged: remove it, and run the same command again`)
  try {
    await checkOnce('tfjs-node', native)
  } catch (error) {
    // Not to be found by peers, which would try it again at each start.
    await rm(join(folder, READY), { force: true })
    throw error
  }
  return folder
}

async function build(folder: string, { signal, onStep }: InstallOptions): Promise<void> {
  const partial = `${folder}.partial`
  const [downloads, headers, root] = ['downloads', 'headers', 'package'].map((name) => join(partial, name))
  await mkdir(downloads, { recursive: true })
  const archives = new Map<string, string>()
  for (const archive of [tfjsNode, nodeHeaders, tensorflow]) {
    onStep?.(`Fetching ${archive.name} ${archive.version} (${(archive.sizeBytes / 1e6).toFixed(1)} MB)`)
    archives.set(archive.name, await fetchArchive(archive, downloads, signal))
  }
  onStep?.('Unpacking')
  await unpack(archives.get(tfjsNode.name)!, root, signal)
  await unpack(archives.get(nodeHeaders.name)!, headers, signal)
  await extractLibrary(archives.get(tensorflow.name)!, join(root, 'deps'), signal)
  onStep?.('Compiling')
  await compile({ root, nodeHeaders: join(headers, 'include') }, signal)
  await writeStandIns(root)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await rename(root, join(folder, 'package'))
  const from = [tfjsNode, tensorflow].map(({ name, version }) => `${name} ${version}`)
  await writeFile(join(folder, READY), `${JSON.stringify({ from })}\n`)
  await rm(partial, { recursive: true, force: true })
}
