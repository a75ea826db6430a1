/** A small disk of a peer's own: a file system in memory, seen from its namespace only. */
import { mkdir } from 'node:fs/promises'
import type { Namespace } from '../network/namespace.ts'

/** Make this directory, which only processes in the namespace see. @throws {CommandError} */
export async function mountSmallDisk(where: Namespace, directory: string, sizeBytes: number): Promise<void> {
  await mkdir(directory, { recursive: true })
  await where.run(['mount', '-t', 'tmpfs', '-o', `size=${sizeBytes},mode=700`, 'small', directory])
}

/** Take all room that is left, until the returned function gives it back. @throws {CommandError} */
export async function fillDisk(where: Namespace, directory: string): Promise<() => Promise<void>> {
  const ballast = `${directory}/ballast`
  // It ends with 'No space left on device', which is what is wanted; that nothing is left is asked afterwards.
  await where.run(['sh', '-c', 'cat /dev/zero > "$0" 2>/dev/null || true', ballast])
  const free = (await where.run(['df', '--output=avail', directory])).split('\n')[1].trim()
  if (free !== '0') throw new Error(`${directory} still has ${free} KiB free`)
  return async () => void (await where.run(['rm', ballast]))
}
