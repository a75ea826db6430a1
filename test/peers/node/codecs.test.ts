import { expect } from 'chai'
import { codecOf } from '../../../src/codecs/index.ts'
import { codecSchema, exchangeSchema } from '../../../src/federation/manifest/exchange.ts'
import { only, record } from './events.ts'
import { Federation, PARAMETERS } from './federation.ts'
import { deltaOf } from './trainer.ts'

const MEMBERS = 3
const ROUNDS = 6

/** The model if nothing were lost: samples are 10 · (member + 1). */
function exactModel(): Float64Array {
  const model = new Float64Array(PARAMETERS)
  const samples = (MEMBERS * (MEMBERS + 1)) / 2
  for (let round = 1; round <= ROUNDS; round++) {
    for (let member = 0; member < MEMBERS; member++) {
      const delta = deltaOf(member, round, PARAMETERS)
      delta.forEach((value, i) => (model[i] += (value * (member + 1)) / samples))
    }
  }
  return model
}

/** The most by which a model may be off, relative to its norm. */
const codecs: [Parameters<typeof exchangeSchema.parse>[0], number][] = [
  [{ codec: 'fp32+deflate' }, 1e-6],
  [{ codec: 'fp16' }, 1e-3],
  [{ codec: 'bf16' }, 1e-2],
  [{ codec: 'int8' }, 1e-2],
  [{ codec: 'int4' }, 0.1],
  [{ codec: 'sign' }, 0.3],
  [{ codec: { name: 'topk', fraction: 0.25, values: 'int8' } }, 0.6],
  [{ codec: { name: 'randomk', fraction: 0.25 } }, 0.8]
]

for (const [given, error] of codecs) {
  const exchange = exchangeSchema.parse(given)
  const codec = codecOf(codecSchema.parse(exchange.codec), new Uint8Array(32))
  const { name } = codec
  describe(`a federation of three with the codec ${name}`, function () {
    this.timeout(60_000)

    it('ends with one commit and one model on all, close to what was trained, and most values moved', async () => {
      const federation = await Federation.of(MEMBERS, {
        rounds: { minContributors: MEMBERS, stop: { rounds: ROUNDS } },
        draft: { exchange }
      })
      try {
        const told = federation.peers.map(record)
        const last = await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
        expect(new Set(last.map(({ cid }) => cid)).size).to.equal(1)
        expect(last[0].contributions.map(({ refused }) => refused)).to.deep.equal(last.map(() => undefined))
        const [mine, ...others] = await Promise.all(federation.peers.map((peer) => peer.weights()))
        for (const weights of others) expect(weights).to.deep.equal(mine)
        const exact = exactModel()
        const norm = Math.hypot(...exact)
        expect(Math.hypot(...exact.map((value, i) => value - mine[i])) / norm).to.be.below(error)
        expect(mine.filter((value) => value > 0).length / PARAMETERS).to.be.above(0.6)
        const sizes = told
          .flatMap((events) => only(events, 'update:accepted'))
          .map(({ sizeBytes }) => sizeBytes)
        expect(sizes.length).to.equal(MEMBERS * MEMBERS * ROUNDS)
        const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
        if (codec.varies == null)
          expect([least, most]).to.deep.equal(Array(2).fill(codec.sizeBytes(PARAMETERS)))
        else expect(most).to.be.below(0.8 * codec.sizeBytes(PARAMETERS))
      } finally {
        await federation.close()
      }
    })
  })
}
