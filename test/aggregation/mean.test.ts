import { expect } from 'chai'
import fc from 'fast-check'
import { mean } from '../../src/aggregation/rules/mean.ts'
import { weightedSum } from '../../src/aggregation/sum.ts'
import { floatsToBytes } from '../../src/vectors.ts'
import { aggregationRuleCompliance } from '../compliance/aggregation-rule.ts'
import { randomDelta } from './helpers.ts'

/** McMahan et al. 2017, Algorithm 1, as it stands there: in float64, one coordinate at a time. */
function naiveMean(deltas: readonly Float32Array[], weights: readonly number[]): Float32Array {
  return deltas[0].map((_, i) => deltas.reduce((sum, delta, k) => sum + weights[k] * delta[i], 0))
}

describe('aggregation rule mean', () => {
  aggregationRuleCompliance(mean)

  it('is bit by bit the naive mean, for any number of deltas and across its blocks', () => {
    for (const count of [1, 2, 3, 4, 5, 7, 8, 9, 13]) {
      const deltas = Array.from({ length: count }, (_, k) => randomDelta(9001, k))
      const weights = deltas.map((_, k) => (k + 1) / ((count * (count + 1)) / 2))
      const out = new Float32Array(9001)
      weightedSum(deltas, weights, out)
      expect(Buffer.compare(floatsToBytes(out), floatsToBytes(naiveMean(deltas, weights)))).to.equal(0)
    }
  })

  it('weighs by the given shares', () => {
    const out = new Float32Array(2)
    weightedSum([Float32Array.of(1, 0), Float32Array.of(0, 4)], [0.25, 0.75], out)
    expect([...out]).to.deep.equal([0.25, 3])
  })

  it('rounds once: a sum whose parts cancel keeps what float32 sums would lose', () => {
    const out = new Float32Array(1)
    weightedSum([Float32Array.of(1e8), Float32Array.of(1), Float32Array.of(-1e8)], [1, 1, 1], out)
    expect(out[0]).to.equal(1)
  })

  it('of no deltas is nothing', () => {
    const out = Float32Array.of(1, 2)
    weightedSum([], [], out)
    expect([...out]).to.deep.equal([0, 0])
  })

  it('is linear in each delta', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
        const [a, b] = [randomDelta(20, seed), randomDelta(20, seed + 1)]
        const out = new Float32Array(20)
        weightedSum([a, b], [0.5, 0.5], out)
        out.forEach((value, i) => expect(value).to.equal(Math.fround(0.5 * a[i] + 0.5 * b[i])))
      })
    )
  })
})
