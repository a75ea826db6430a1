/**
 * A child process of level.test.ts: writes until it may not, because a file would be larger than its limit; then, with
 * the limit lifted, as often again. Prints the keys that were acknowledged, and dies without closing anything.
 */
import { execFileSync } from 'node:child_process'
import { openLevelStore } from '../../../peers/node/state/index.ts'

const WRITES_AFTER = 20
const value = new Uint8Array(3_000)

// Else the signal ends the process; with a handler the write fails, as it does on a full disk.
process.on('SIGXFSZ', () => undefined)
const store = await openLevelStore(process.argv[2] ?? '')
const acknowledged: string[] = []

async function write(key: string): Promise<void> {
  await store.write([{ key, value }])
  acknowledged.push(key)
}

let before = 0
let failed: Error | undefined
while (failed == null) await write(`before/${before++}`).catch((error: Error) => (failed = error))
for (let i = 0; i < 3; i++) await write(`full/${i}`).catch(() => undefined)
const readable = (await store.get('before/0')) != null
execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited'])
for (let i = 0; i < WRITES_AFTER; i++) await write(`after/${i}`)
process.stdout.write(`${JSON.stringify({ failed: failed.name, readable, acknowledged })}\n`, () =>
  process.kill(process.pid, 'SIGKILL')
)
