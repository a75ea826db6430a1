/** Algorithms that keep controls, in longer simulations. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { digitsPlan, inFolder, run } from './plans.ts'
import { failure } from '../../helpers/failure.ts'

const client = (name: string, more = {}): object => ({ training: { client: { name, ...more } } })

describe('a simulation whose clients keep controls', function () {
  this.timeout(120_000)
  const plan = digitsPlan({
    data: { path: 'demo:1', partition: { name: 'labels', labelsPerClient: 2 } },
    rounds: 12,
    evaluateEvery: 12,
    seeds: [1, 2],
    grid: [{ fedavg: {}, scaffold: client('scaffold'), feddyn: client('feddyn', { alpha: 0.1 }) }]
  })

  it('goes further than FedAvg where each has two labels, by both algorithms and with each seed', async () => {
    await inFolder(async (out) => {
      const { summaries } = await run(plan, out)
      const [fedavg, ...others] = summaries.map(({ last }) => last ?? 0)
      for (const accuracy of others) expect(accuracy).to.be.above(fedavg + 0.02)
    })
  })

  for (const name of ['scaffold', 'feddyn']) {
    it(`goes on with them where it was left, to the same result: ${name}`, async () => {
      const metrics = (out: string): unknown => {
        const { rows } = JSON.parse(readFileSync(join(out, 'runs', `${name}-seed-1.json`), 'utf8')) as {
          rows: { metrics: unknown }[]
        }
        return rows.map((row) => row.metrics)
      }
      const only = { only: name, seeds: [1], workers: 1 }
      const whole = await inFolder(async (out) => {
        await run(plan, out, only)
        return metrics(out)
      })
      await inFolder(async (out) => {
        const leaving = new AbortController()
        const onProgress = ({ round }: { round: number }): void => {
          if (round === 5) leaving.abort(new Error('left'))
        }
        const left = run(plan, out, { ...only, signal: leaving.signal, onProgress, saveEveryMs: 0 })
        expect((await failure(left, Error)).message).to.equal('left')
        await run(plan, out, only)
        expect(metrics(out)).to.deep.equal(whole)
      })
    })
  }
})
