/** A child process of level.test.ts: writes a, b pairs for ever, and prints the number of each once it is on disk. */
import { openLevelStore } from '../../../peers/node/state/index.ts'

const store = await openLevelStore(process.argv[2] ?? '')
for (let i = 1; ; i++) {
  const value = new TextEncoder().encode(String(i))
  await store.write([
    { key: 'a', value },
    { key: `pad/${i % 64}`, value: new Uint8Array(20_000) },
    { key: 'b', value }
  ])
  process.stdout.write(`${i}\n`)
}
