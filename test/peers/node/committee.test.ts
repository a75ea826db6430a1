import { expect } from 'chai'
import { only, record } from './events.ts'
import { Federation, PARAMETERS } from './federation.ts'
import { deltaOf } from './trainer.ts'

const MEMBERS = 6
const COMMITTEE = 4
const ROUNDS = 4

describe('a federation of six real peers, of which four at a time fetch the updates', function () {
  this.timeout(120_000)

  it('ends with one commit and one model on all, which follows from all updates', async () => {
    const federation = await Federation.of(MEMBERS, {
      rounds: { minContributors: MEMBERS, committee: COMMITTEE, stop: { rounds: ROUNDS } }
    })
    try {
      const told = federation.peers.map(record)
      const last = await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
      expect(new Set(last.map(({ cid }) => cid)).size).to.equal(1)
      expect(last[0].contributions).to.have.length(MEMBERS)
      const models = await Promise.all(federation.peers.map((peer) => peer.weights()))
      for (const weights of models) expect(weights).to.deep.equal(models[0])
      const samples = (MEMBERS * (MEMBERS + 1)) / 2
      const exact = new Float64Array(PARAMETERS)
      for (let round = 1; round <= ROUNDS; round++) {
        for (let member = 0; member < MEMBERS; member++) {
          const delta = deltaOf(member, round, PARAMETERS)
          delta.forEach((value, i) => (exact[i] += (value * (member + 1)) / samples))
        }
      }
      const error = Math.hypot(...exact.map((value, i) => value - models[0][i])) / Math.hypot(...exact)
      expect(error).to.be.below(1e-6)
      // Its own, wherever it is, and the others' on the committee; a view that fails adds to that.
      const held = told.flatMap((events) => only(events, 'update:accepted')).length
      expect(held).to.be.within(
        ROUNDS * (COMMITTEE * MEMBERS + MEMBERS - COMMITTEE),
        ROUNDS * MEMBERS ** 2 - 1
      )
    } finally {
      await federation.close()
    }
  })
})
