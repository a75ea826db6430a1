import { expect } from 'chai'
import { exchangeSchema } from '../../../src/federation/manifest/exchange.ts'
import { Federation } from './federation.ts'

const MEMBERS = 3
const ROUNDS = 4
const BLOCK_BYTES = 16 * 1024
/** Seven blocks and a piece: parts of two and three. */
const PARAMETERS = 7 * (BLOCK_BYTES / 4) + 100

interface Outcome {
  models: Float32Array[]
  bytesSent: number
}

async function outcome(topology: 'full' | 'butterfly', codec: 'fp32' | 'int8'): Promise<Outcome> {
  const federation = await Federation.of(MEMBERS, {
    rounds: { minContributors: MEMBERS, stop: { rounds: ROUNDS } },
    draft: { exchange: exchangeSchema.parse({ topology, codec, blockSizeBytes: BLOCK_BYTES }) },
    parameters: PARAMETERS
  })
  try {
    const last = await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
    expect(new Set(last.map(({ cid }) => cid)).size).to.equal(1)
    const models = await Promise.all(federation.peers.map((peer) => peer.weights()))
    const bytesSent = federation.peers.reduce((sum, peer) => sum + peer.status().bytesOut, 0)
    return { models, bytesSent }
  } finally {
    await federation.close()
  }
}

describe('a federation of three that divides the vector', function () {
  this.timeout(60_000)

  for (const codec of ['fp32', 'int8'] as const) {
    it(`ends with the model of one that does not, all of them (${codec})`, async () => {
      const [divided, full] = [await outcome('butterfly', codec), await outcome('full', codec)]
      const [mine, ...others] = divided.models
      for (const model of others) expect(model).to.deep.equal(mine)
      // The members' ids, by which sums are ordered, are others; and sums that travel as int8 are rounded again.
      const off = Math.hypot(...mine.map((value, i) => value - full.models[0][i]))
      expect(off / Math.hypot(...full.models[0])).to.be.below(codec === 'fp32' ? 1e-6 : 1e-2)
      if (codec === 'fp32') expect(divided.bytesSent / full.bytesSent).to.be.below(0.85)
    })
  }
})
