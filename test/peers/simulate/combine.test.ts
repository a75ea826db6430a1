import { expect } from 'chai'
import { combine } from '../../../peers/simulate/run/combine.ts'
import { combinedDelta, moveBy } from '../../../src/aggregation/index.ts'
import { aggregationSchema } from '../../../src/federation/manifest/aggregation.ts'
import { exchangeSchema } from '../../../src/federation/manifest/exchange.ts'
import { int8 } from '../../../src/codecs/int8.ts'
import { bytesReader } from '../../../src/codecs/index.ts'
import { randomDelta } from '../../aggregation/helpers.ts'
import type { AggregationInput } from '../../../src/aggregation/index.ts'
import type { RoundInput } from '../../../peers/simulate/run/updates.ts'

/** Values of a block of the least size: three members have one, one and two of four. */
const BLOCK = 4096
const LENGTH = 3 * BLOCK + 100
const cohort = [0, 4, 7]
const roundSeed = new Uint8Array(32)
const { signal } = new AbortController()

const input: AggregationInput = {
  aggregation: aggregationSchema.parse({}),
  model: randomDelta(LENGTH, 1),
  moments: new Float32Array(0),
  round: 1,
  deltas: cohort.map((seed) => {
    const delta = randomDelta(LENGTH, seed + 2)
    return { weight: 1 / 3, read: async (start, count) => delta.subarray(start, start + count) }
  }),
  stretch: 1000,
  seed: roundSeed
}

const by = async (exchange: object): Promise<Float32Array> => {
  const manifest = { exchange: exchangeSchema.parse({ blockSizeBytes: 4 * BLOCK, ...exchange }) }
  return (await combine({ manifest, cohort, roundSeed } as unknown as RoundInput, input, signal)).model
}

describe('the combined delta of a simulated round', () => {
  it('is what the updates make, in the full exchange', async () => {
    const exact = moveBy(await combinedDelta(input), input).model
    expect(await by({ codec: 'int8' })).to.deep.equal(exact)
    expect(await by({ codec: 'fp32', topology: 'butterfly' })).to.deep.equal(exact)
  })

  it('goes through the codec part by part in a butterfly', async () => {
    const combined = await combinedDelta(input)
    for (const [from, to] of [
      [0, BLOCK],
      [BLOCK, 2 * BLOCK],
      [2 * BLOCK, LENGTH]
    ]) {
      const part = combined.slice(from, to)
      combined.set(await int8.decode(bytesReader(int8.encode(part)), part.length)(0, part.length), from)
    }
    const found = await by({ codec: 'int8', topology: 'butterfly' })
    expect(found).to.deep.equal(moveBy(combined, input).model)
    expect(found).not.to.deep.equal(await by({ codec: 'int8' }))
  })
})
