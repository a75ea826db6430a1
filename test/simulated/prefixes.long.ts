import { expect } from 'chai'
import { hastyHistory, outagesOf, sitOut } from './prefixes.ts'

const SEEDS = 6
/** Back within the height that it voted in, and when the others have gone on. */
const DOWN_MS = [1, 700]

describe('a power cut at every write of a peer, in many histories', () => {
  for (const faultModel of ['crash', 'byzantine'] as const) {
    for (const downMs of DOWN_MS) {
      it(`leaves a start that contradicts nothing and goes on with the others (${faultModel}, back after ${downMs} ms, ${SEEDS} seeds)`, async () => {
        for (let seed = 0; seed < SEEDS; seed++) {
          const plan = { history: hastyHistory(seed, faultModel), victim: seed % 3, heights: 7, downMs }
          const { outages } = await outagesOf(plan)
          for (const outage of outages) {
            const label = `seed ${seed}, ${JSON.stringify(outage)}`
            await sitOut(plan, outage).catch((error: unknown) => expect.fail(`${label}: ${String(error)}`))
          }
        }
      })
    }
  }
})
