/** What a peer's own thread feels of its training: next to nothing, or its connections would be given up by others. */
import { performance } from 'node:perf_hooks'
import { setTimeout as after } from 'node:timers/promises'
import { expect } from 'chai'
import { startTrainingWorker } from '../../../peers/node/training/index.ts'
import { digits } from './fixtures.ts'

/** The longest that the event loop may be kept at once. */
const MOST_MS = 20
const SAMPLE_MS = 2
/** Other programs may take the processor away in the middle of a tick; not each time. */
const TRIES = 5

interface Busy {
  /** The most that the loop worked between two looks, ms: waiting for a processor while idle is not work. */
  longestMs: number
  /** Of the whole time. */
  share: number
}

/** How busy this thread's event loop is while `work` runs elsewhere. */
async function busyDuring(work: () => Promise<unknown>): Promise<Busy> {
  const first = performance.eventLoopUtilization()
  let [last, longestMs, isOver] = [first, 0, false]
  const look = (): void => {
    const now = performance.eventLoopUtilization()
    longestMs = Math.max(longestMs, now.active - last.active)
    last = now
  }
  const working = work().finally(() => (isOver = true))
  while (!isOver) {
    await after(SAMPLE_MS)
    look()
  }
  await working
  return { longestMs, share: performance.eventLoopUtilization(first).utilization }
}

function block(ms: number): void {
  const endsAt = performance.now() + ms
  while (performance.now() < endsAt);
}

describe('the event loop beside a training', function () {
  this.timeout(120_000)

  it('is seen to be kept when it is', async () => {
    const { longestMs } = await busyDuring(async () => {
      await after(10)
      block(2 * MOST_MS)
      await after(10)
    })
    expect(longestMs).to.be.above(MOST_MS)
  })

  const narrow = { threads: 1, hidden: [200, 200], work: { epochs: 3 } }
  const wide = { threads: 2, hidden: [1000, 1000], work: { epochs: 1 } }
  for (const { threads, hidden, work } of [narrow, wide])
    it(`is never kept for ${MOST_MS} ms, hardly busier than when nothing runs, by ${threads} threads`, async () => {
      const manifest = digits({
        model: { architecture: { preset: 'mlp', hidden }, initial: { seed: 1 } },
        training: { work, batchSize: 64 }
      })
      const trainer = await startTrainingWorker({ manifest, data: { path: 'demo:1' }, threads })
      const seen: string[] = []
      try {
        const weights = await trainer.initialWeights()
        for (let round = 1; round <= TRIES; round++) {
          const startedAt = performance.now()
          let reports = 0
          const onProgress = (): void => void reports++
          const training = await busyDuring(() => trainer.train({ weights, round, seed: 1 }, { onProgress }))
          const tookMs = performance.now() - startedAt
          const idle = await busyDuring(() => after(tookMs))
          expect(reports).to.be.above(0)
          const isFree = training.longestMs <= MOST_MS && training.share <= 2 * idle.share + 0.1
          if (isFree) return
          seen.push(JSON.stringify({ training, idle }))
        }
      } finally {
        await trainer.stop()
      }
      expect.fail(`In none of ${TRIES} trainings was it free: ${seen.join(', ')}`)
    })
})
