/** Files that a command makes for people. */
import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from './exit.ts'

export interface PlacedFile {
  path: string
  content: Uint8Array | string
}

/**
 * Write all of them, with the folders they are in.
 *
 * @returns their paths
 * @throws {UserError} one is there already, and is not to be overwritten; then nothing was written
 */
export async function writeFiles(
  files: readonly PlacedFile[],
  { force }: { force: boolean }
): Promise<string[]> {
  if (!force) for (const { path } of files) await refuseExisting(path)
  for (const { path, content } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { flag: force ? 'w' : 'wx' })
  }
  return files.map(({ path }) => path)
}

/** Looked at before anything is written: half of them beside old files would be taken for all. */
async function refuseExisting(path: string): Promise<void> {
  try {
    await access(path)
  } catch {
    return // not there, or not to be seen: writing tells
  }
  throw new UserError(`${path} is there already. Choose another --out, or overwrite it with --force.`)
}
