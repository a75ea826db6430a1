import { expect } from 'chai'
import { parsePlan } from '../../../peers/simulate/index.ts'
import { manifestOf } from '../../../peers/simulate/plan/parse.ts'
import { clientSeed, cohortOf, roundSeedOf } from '../../../peers/simulate/run/clients.ts'
import { evaluateShared } from '../../../peers/simulate/run/evaluate.ts'
import { roundsToTarget } from '../../../peers/simulate/run/run.ts'
import { digitsPlan, yamlOf } from './plans.ts'
import type { Plan } from '../../../peers/simulate/index.ts'
import type { RoundRow } from '../../../peers/simulate/run/rows.ts'
import type { Pool } from '../../../peers/simulate/worker/pool.ts'

const planOf = (more: Record<string, unknown>): Plan => parsePlan(yamlOf(digitsPlan(more)))[0].plan

describe('what follows from the seed of a run', () => {
  const { rounds } = manifestOf(planOf({ clients: 200, cohort: 0.1 }), 1)
  const cohort = (seed: number, round: number): number[] => cohortOf(200, rounds, roundSeedOf(seed, round))

  it('is the cohort of each round, ascending, of the size that peers would have', () => {
    const drawn = cohort(1, 1)
    expect(drawn).to.have.length(20)
    expect(drawn).to.deep.equal([...drawn].sort((a, b) => a - b))
    expect(new Set(drawn)).to.have.length(20)
    expect(cohort(1, 1)).to.deep.equal(drawn)
    expect(cohort(1, 2)).to.not.deep.equal(drawn)
    expect(cohort(2, 1)).to.not.deep.equal(drawn)
  })

  it('gives every client its turn', () => {
    const seen = new Set(Array.from({ length: 100 }, (_, i) => cohort(1, i + 1)).flat())
    expect(seen).to.have.length(200)
  })

  it('is another seed for each client and round', () => {
    const seeds = [1, 2].flatMap((round) =>
      [0, 1, 2].map((client) => clientSeed(roundSeedOf(1, round), client))
    )
    expect(new Set(seeds)).to.have.length(6)
  })
})

describe('rounds to the target', () => {
  const rows = (metric: string, values: (number | null)[]): RoundRow[] =>
    values.map((value, i) => ({
      ...{ round: i + 1, metrics: value == null ? null : { [metric]: value } },
      ...{ uploadedBytes: 0, downloadedBytes: 0, accepted: 1, refused: 0, silent: 0, lapsed: false },
      ...{ seconds: 0, evaluationSeconds: 0 }
    }))

  it('are those to the first round that reaches it', () => {
    const plan = planOf({ target: { metric: 'accuracy', value: 0.5 } })
    expect(roundsToTarget(plan, rows('accuracy', [0.4, null, 0.5, 0.4]))).to.equal(3)
    expect(roundsToTarget(plan, rows('accuracy', [0.4]))).to.equal(null)
    expect(roundsToTarget(planOf({}), rows('accuracy', [1]))).to.equal(null)
  })

  it('count down where less is better', () => {
    const plan = planOf({ target: { metric: 'loss', value: 0.5 } })
    expect(roundsToTarget(plan, rows('loss', [0.9, 0.4]))).to.equal(2)
  })
})

describe('an evaluation by several threads', () => {
  /** Knows how good the model is on each example. */
  const poolOf = (right: (example: number) => number): Pool & { chunks: number[] } => {
    const chunks: number[] = []
    return {
      chunks,
      backend: 'none',
      train: () => Promise.reject(new Error('nothing trains here')),
      evaluate: ({ from, to }) => {
        chunks.push(to - from)
        let sum = 0
        for (let i = from; i < to; i++) sum += right(i)
        return Promise.resolve({ accuracy: sum / (to - from), samples: to - from })
      },
      close: () => Promise.resolve()
    }
  }

  it('is the mean over all examples, whatever the last chunk has', async () => {
    const pool = poolOf((i) => (i < 2048 ? 1 : 0))
    const metrics = await evaluateShared({ pool, from: 0, to: 2560, whole: false })
    expect(pool.chunks).to.deep.equal([2048, 512])
    expect(metrics).to.deep.equal({ accuracy: 0.8, samples: 2560 })
  })

  it('is done by one where means of parts mean nothing', async () => {
    const pool = poolOf(() => 1)
    await evaluateShared({ pool, from: 1000, to: 9000, whole: true })
    expect(pool.chunks).to.deep.equal([8000])
  })
})
