/** Whether a disk that was full has room again. */
import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Beside what LevelDB writes anew when it opens: some small files. */
const SPARE_BYTES = 64 * 1024
const PROBE = 'room.tmp'

/**
 * Find out by writing as much as LevelDB will when it opens this directory: what is in its log.
 *
 * @throws what the file system says
 */
export async function assertRoom(dir: string): Promise<void> {
  const logs = (await readdir(dir)).filter((name) => name.endsWith('.log'))
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(dir, name))).size))
  const file = join(dir, PROBE)
  try {
    const handle = await open(file, 'w', 0o600)
    try {
      await handle.writeFile(new Uint8Array(SPARE_BYTES + sizes.reduce((sum, size) => sum + size, 0)))
      await handle.sync()
    } finally {
      await handle.close()
    }
  } finally {
    await rm(file, { force: true })
  }
}
