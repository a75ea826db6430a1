import { expect } from 'chai'
import { verifyLedger } from '../../../peers/node/peer/audit.ts'
import { Federation, PARAMETERS } from './federation.ts'
import { smallModel } from './ledger.ts'
import { deltaOf, FakeTrainer } from './trainer.ts'
import type { AggregationSpec } from '../../../src/federation/manifest/schema.ts'
import type { Trainer } from '../../../src/training/types.ts'

const HONEST = 4
const ROUNDS = 3

/** Trains the opposite of what it should, a thousand times over, and says it has more data than anybody. */
function liar(): Trainer {
  const honest = new FakeTrainer({ member: HONEST, parameters: PARAMETERS })
  return {
    info: honest.info,
    initialWeights: async () => await honest.initialWeights(),
    evaluate: async (weights) => await honest.evaluate(weights),
    stop: async () => await honest.stop(),
    train: async (job, options) => {
      const result = await honest.train(job, options)
      return { ...result, delta: result.delta.map((value) => -1000 * value), samples: 1_000_000 }
    }
  }
}

/** The least and the most that honest members would have made of a value. */
function honestRange(i: number): [number, number] {
  const sums = Array.from({ length: HONEST }, (_, member) =>
    Array.from({ length: ROUNDS }, (_, round) => deltaOf(member, round + 1, PARAMETERS)[i]).reduce(
      (a, b) => a + b
    )
  )
  return [Math.min(...sums), Math.max(...sums)]
}

const aggregations: Partial<AggregationSpec>[] = [
  { rule: { name: 'median' } },
  { rule: { name: 'trimmedMean', byzantine: 1 }, before: [{ name: 'nnm', byzantine: 1 }] },
  { rule: { name: 'krum', byzantine: 1 } },
  {
    rule: { name: 'geometricMedian', iterations: 50, smoothing: 1e-3 },
    before: [{ name: 'arc', byzantine: 1 }]
  }
]

describe('a federation with a member that lies', function () {
  this.timeout(60_000)

  for (const aggregation of aggregations) {
    const { rule, before = [] } = aggregation
    it(`ends with one model near those of the others: ${[...before, rule].map((one) => one?.name).join(', ')}`, async () => {
      const rounds = { startMembers: HONEST + 1, minContributors: HONEST + 1, stop: { rounds: ROUNDS } }
      const federation = await Federation.found({ rounds, draft: { aggregation } })
      try {
        await federation.founder.peer.start()
        for (let i = 1; i < HONEST; i++) await (await federation.join()).peer.start()
        await (await federation.join({ trainer: liar() })).peer.start()
        const last = await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
        expect(new Set(last.map(({ cid }) => cid)).size).to.equal(1)
        const weights = last[0].contributions.map(({ weight }) => weight)
        expect(weights).to.deep.equal(weights.map(() => 1 / (HONEST + 1)))
        const [mine, ...others] = await Promise.all(federation.peers.map((peer) => peer.weights()))
        for (const model of others) expect(model).to.deep.equal(mine)
        mine.forEach((value, i) => {
          const [least, most] = honestRange(i)
          expect(value, `value ${i}`).to.be.within(least - 1, most + 1)
        })
      } finally {
        await federation.close()
      }
    })
  }

  it('has a ledger whose aggregates can be made again: a rule in two passes, a codec that is not fp32', async () => {
    const federation = await Federation.of(3, {
      rounds: { minContributors: 3, stop: { rounds: 2 } },
      ...smallModel,
      draft: {
        ...smallModel.draft,
        exchange: { codec: 'sign' },
        aggregation: {
          rule: { name: 'geometricMedian' },
          before: [{ name: 'nnm', byzantine: 1 }],
          serverOptimizer: { name: 'yogi' }
        }
      }
    })
    try {
      await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
      await Promise.all(federation.peers.map((peer) => peer.stop()))
      const { defects, aggregates } = await verifyLedger(federation.founder.home.dir)
      expect(defects).to.deep.equal([])
      // Payloads are small enough to be in the updates; of the models only the latest are kept.
      expect(aggregates.recomputed).to.be.at.least(1)
    } finally {
      await federation.close()
    }
  })
})
