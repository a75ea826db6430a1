import { expect } from 'chai'
import fc from 'fast-check'
import { plainWeightedSum } from '../../src/aggregation/sum.ts'
import { vectorKernels } from '../../src/compute/vectors/index.ts'
import { normal, seededRandom, uniform } from '../../src/random.ts'

const kernels = vectorKernels()!

/** `count` vectors of values from tiny to huge, zeros of both signs among them. */
function drawn(count: number, length: number, seed: number): Float32Array[] {
  const random = seededRandom(seed)
  const scales = [1, 1, 1e-3, 1e-42, 1e30, 0, -0]
  const value = (): number => normal(random) * scales[random() % scales.length]
  return Array.from({ length: count }, () => Float32Array.from({ length }, value))
}

const bits = (values: Float32Array): number[] => [...new Uint32Array(values.buffer, 0, values.length)]

const counts = fc.integer({ min: 0, max: 40 })
/** Shorter than a vector register, one value beyond a block, and several blocks. */
const lengths = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(8_192, 65_537, 200_000))
const seeds = fc.nat()

describe('kernels over flat vectors', () => {
  it('sum to the very bits of the plain loops', () => {
    fc.assert(
      fc.property(counts, lengths, seeds, (count, length, seed) => {
        const inputs = drawn(count, Math.min(length, 400_000 / Math.max(1, count)) | 0, seed)
        const random = seededRandom(seed, 1)
        const weights = inputs.map(() => uniform(random))
        const [found, expected] = [0, 1].map(() => new Float32Array(inputs[0]?.length ?? 0).fill(7))
        kernels.weightedSum(inputs, weights, found)
        plainWeightedSum(inputs, weights, expected)
        expect(bits(found)).to.deep.equal(bits(expected))
      }),
      { numRuns: 60 }
    )
  })

  it('find the median that sorting finds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), lengths, seeds, (count, length, seed) => {
        const inputs = drawn(count, Math.min(length, 20_000 / count) | 0, seed)
        const found = new Float32Array(inputs[0].length)
        kernels.median(inputs, found)
        const expected = found.map((_, i) => {
          const sorted = inputs.map((input) => input[i]).sort((a, b) => a - b)
          return Math.fround((sorted[count >> 1] + sorted[(count - 1) >> 1]) / 2) + 0
        })
        expect([...found]).to.deep.equal([...expected])
      }),
      { numRuns: 60 }
    )
  })

  it('leave their inputs alone, and write no further than the result', () => {
    const inputs = drawn(9, 13, 1)
    const before = inputs.map(bits)
    const room = new Float32Array(20).fill(5)
    kernels.median(inputs, room.subarray(0, 13))
    kernels.weightedSum(inputs, new Array<number>(9).fill(1 / 9), room.subarray(0, 13))
    expect(inputs.map(bits)).to.deep.equal(before)
    expect([...room.subarray(13)]).to.deep.equal(new Array(7).fill(5))
  })
})
