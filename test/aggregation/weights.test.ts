import { expect } from 'chai'
import fc from 'fast-check'
import { checkDelta, contributionWeights } from '../../src/aggregation/index.ts'
import { PayloadLengthError } from '../../src/codecs/index.ts'
import { fp32 } from '../../src/codecs/fp32.ts'
import { failure } from '../helpers/failure.ts'
import { randomDelta, readerOf } from './helpers.ts'

describe('contributionWeights', () => {
  const claims = fc.array(fc.integer({ min: 1, max: 2_000_000_000 }), { minLength: 1, maxLength: 50 })

  it('are the shares of the sample counts', () => {
    expect(contributionWeights([100, 300], 1000)).to.deep.equal([0.25, 0.75])
  })

  it('sum to 1 up to rounding, each within 0 and 1', () => {
    fc.assert(
      fc.property(claims, (samples) => {
        const weights = contributionWeights(samples, 1_000_000)
        expect(weights.reduce((sum, weight) => sum + weight, 0)).to.be.closeTo(1, 1e-12)
        for (const weight of weights) expect(weight).to.be.within(0, 1)
      })
    )
  })

  it('count a claim beyond the cap as the cap', () => {
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 1000 }), (samples, cap) => {
        const capped = samples.map((claim) => Math.min(claim, cap))
        expect(contributionWeights(samples, cap)).to.deep.equal(contributionWeights(capped, cap))
      })
    )
    expect(contributionWeights([10, Number.MAX_SAFE_INTEGER], 10)).to.deep.equal([0.5, 0.5])
  })

  it('of nobody are none', () => {
    expect(contributionWeights([], 10)).to.deep.equal([])
  })
})

describe('checkDelta', () => {
  const ALL = { from: 0, to: 1000 }
  const check = { part: ALL, maxNorm: 1000, stretch: 64 }
  const withValue = (value: number, at: number): Float32Array => {
    const delta = randomDelta(1000, 1)
    delta[at] = value
    return delta
  }

  it('accepts what is finite and within the norm', async () => {
    expect(await checkDelta(readerOf(randomDelta(1000, 1)), check)).to.equal(null)
    expect(await checkDelta(readerOf(new Float32Array(1000)), check)).to.equal(null)
  })

  it('refuses NaN and infinities wherever they are', async () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      for (const at of [0, 63, 64, 999]) {
        expect(await checkDelta(readerOf(withValue(value, at)), check)).to.equal('not-finite')
      }
    }
  })

  it('calls the largest floats large, not infinite', async () => {
    for (const value of [1e30, -3.4028234e38]) {
      expect(await checkDelta(readerOf(withValue(value, 500)), check)).to.equal('norm')
    }
    const largest = new Float32Array(1000).fill(3.4028234e38)
    expect(await checkDelta(readerOf(largest), check)).to.equal('norm')
  })

  it('allows a norm of exactly the bound', async () => {
    const delta = new Float32Array(1000)
    delta.set([600, 800])
    expect(await checkDelta(readerOf(delta), check)).to.equal(null)
    delta[2] = 0.1
    expect(await checkDelta(readerOf(delta), check)).to.equal('norm')
  })

  it('judges alike whatever the stretch', async () => {
    const delta = randomDelta(1000, 3)
    const lanes = [0, 1, 2, 3].map((lane) =>
      delta.filter((_, i) => i % 4 === lane).reduce((sum, value) => sum + value * value, 0)
    )
    const norm = Math.sqrt(lanes[0] + lanes[1] + (lanes[2] + lanes[3]))
    for (const stretch of [1, 10, 999, 1000, 5000]) {
      expect(await checkDelta(readerOf(delta), { part: ALL, maxNorm: norm, stretch })).to.equal(null)
      const tighter = norm * (1 - Number.EPSILON)
      expect(await checkDelta(readerOf(delta), { part: ALL, maxNorm: tighter, stretch })).to.equal('norm')
    }
  })

  it('judges a part by that part alone', async () => {
    const delta = withValue(Number.NaN, 300)
    for (const [from, to] of [
      [0, 300],
      [301, 1000],
      [5, 5]
    ])
      expect(await checkDelta(readerOf(delta), { ...check, part: { from, to } })).to.equal(null)
    expect(await checkDelta(readerOf(delta), { ...check, part: { from: 300, to: 301 } })).to.equal(
      'not-finite'
    )
  })

  it('gives no verdict on a payload that cannot be read', async () => {
    const read = fp32.decode(async () => new Uint8Array(3), 1000)
    await failure(checkDelta(read, check), PayloadLengthError)
  })
})
