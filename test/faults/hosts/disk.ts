/** A small disk of a peer's own: a file system in memory, seen from its namespace only. */
import { mkdir } from 'node:fs/promises'
import type { Namespace } from '../network/namespace.ts'

/** A peer that deletes a few blocks in the meantime makes that much room, and needs more of it at once. */
const NEARLY_NOTHING_KIB = 64

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
  const freeKib = Number((await where.run(['df', '--output=avail', directory])).split('\n')[1])
  if (!(freeKib <= NEARLY_NOTHING_KIB)) throw new Error(`${directory} still has ${freeKib} KiB free`)
  return async () => void (await where.run(['rm', ballast]))
}
