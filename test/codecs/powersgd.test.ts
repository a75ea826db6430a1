import { expect } from 'chai'
import { fp32 } from '../../src/codecs/fp32.ts'
import { bytesReader, codecFor, codecOf } from '../../src/codecs/index.ts'
import { int8 } from '../../src/codecs/int8.ts'
import { factorise, orthonormalise } from '../../src/codecs/low-rank.ts'
import { powersgd } from '../../src/codecs/powersgd.ts'
import { exchangeSchema } from '../../src/federation/manifest/exchange.ts'
import { matricesOf } from '../../src/model/matrices.ts'
import { seededRandom } from '../../src/random.ts'
import { randomDelta } from '../aggregation/helpers.ts'
import { codecCompliance } from '../compliance/codec.ts'
import { someManifest } from '../rounds/ledger.ts'
import type { Codec } from '../../src/codecs/index.ts'

const seed = new Uint8Array(32).fill(5)

async function roundTrip(codec: Codec, delta: Float32Array): Promise<Float32Array> {
  const payload = codec.encode(delta)
  return (await codec.decode(bytesReader(payload), delta.length)(0, delta.length)).slice()
}

const energy = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0)

/** A sum of so many products of a column and a row. */
function ofRank(rank: number, rows: number, columns: number): Float32Array {
  const [left, right] = [randomDelta(rows * rank, 1), randomDelta(columns * rank, 2)]
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns]
    let sum = 0
    for (let k = 0; k < rank; k++) sum += left[row * rank + k] * right[column * rank + k]
    return sum
  })
}

describe('codec powersgd', () => {
  /** The vectors of the suite end before, between and behind these. */
  const matrices = [
    { offset: 2, rows: 4, columns: 4 },
    { offset: 20, rows: 2, columns: 2 },
    { offset: 30, rows: 3, columns: 60 }
  ]
  // What is projected is no longer than what was there: at most √180 times the largest value.
  const maxError = (most: number): number => 30 * most
  const codec = powersgd({ rank: 1, values: fp32, matrices, seed })
  codecCompliance(codec, { maxError, notFinite: true, blockValues: 64 })

  describe('of int8', () => {
    const small = powersgd({ rank: 1, values: int8, matrices, seed })
    codecCompliance(small, { maxError, notFinite: true, blockValues: 64 })
  })

  it('sends factors of the matrices that get smaller, and the rest as it is', async () => {
    const delta = randomDelta(230, 3)
    // 4 × 4 as 8 values, 2 × 2 as it is, 3 × 60 as 63.
    expect(codec.sizeBytes(230)).to.equal(4 * (230 - 16 + 8 - 180 + 63))
    const back = await roundTrip(codec, delta)
    for (let i = 0; i < 230; i++) {
      const isMatrix = (i >= 2 && i < 18) || (i >= 30 && i < 210)
      expect(back[i] === delta[i], `value ${i}`).to.equal(!isMatrix)
    }
  })

  it('gives matrices of no higher rank back', async () => {
    const [rows, columns] = [40, 30]
    for (const rank of [1, 3]) {
      const delta = ofRank(rank, rows, columns)
      const one = powersgd({ rank: 3, values: fp32, matrices: [{ offset: 0, rows, columns }], seed })
      const back = await roundTrip(one, delta)
      delta.forEach((value, i) => expect(back[i]).to.be.closeTo(value, 1e-5))
    }
    const zero = new Float32Array(rows * columns)
    const one = powersgd({ rank: 3, values: fp32, matrices: [{ offset: 0, rows, columns }], seed })
    expect(await roundTrip(one, zero)).to.deep.equal(zero)
  })

  it('contracts: what is left is the energy less that of what was sent', async () => {
    const matrix = { offset: 0, rows: 50, columns: 40 }
    const delta = randomDelta(2000, 4)
    let before = 1
    for (const rank of [1, 4, 12]) {
      const back = await roundTrip(powersgd({ rank, values: fp32, matrices: [matrix], seed }), delta)
      const rest = energy(delta.map((value, i) => value - back[i]))
      expect(rest).to.be.closeTo(energy(delta) - energy(back), 1e-3 * energy(delta))
      expect(rest / energy(delta)).to.be.below(before - 0.03)
      before = rest / energy(delta)
    }
  })

  it('finds nearly the best there is: the largest singular value of a matrix that has one', () => {
    const [rows, columns] = [60, 50]
    const noise = randomDelta(rows * columns, 6)
    const strong = ofRank(1, rows, columns)
    const matrix = noise.map((value, i) => 0.3 * value + strong[i])
    const { left, right } = factorise(matrix, { rows, columns, rank: 1 }, seededRandom(1))
    // Q = Mᵀ · P: its length is what M does to P.
    const found = Math.sqrt(right.reduce((sum, value) => sum + value * value, 0))
    expect(left.reduce((sum, value) => sum + value * value, 0)).to.be.closeTo(1, 1e-12)
    expect(found / Math.sqrt(energy(strong))).to.be.within(0.98, 1.05)
  })

  it('makes bases of vectors of length 1 and upright to each other, or zero', () => {
    const [length, rank] = [20, 4]
    const basis = Float64Array.from(randomDelta(length * rank, 7))
    // The third is a sum of the first two.
    for (let i = 0; i < length; i++) basis[2 * length + i] = basis[i] + 1e5 * basis[length + i]
    orthonormalise(basis, rank)
    const product = (a: number, b: number): number => {
      let sum = 0
      for (let i = 0; i < length; i++) sum += basis[a * length + i] * basis[b * length + i]
      return sum
    }
    for (let a = 0; a < rank; a++) {
      for (let b = 0; b < rank; b++)
        expect(product(a, b), `${a}, ${b}`).to.be.closeTo(a === b && a !== 2 ? 1 : 0, 1e-12)
    }
  })

  it('starts elsewhere each round, so that what one leaves out another may send', async () => {
    const matrix = { offset: 0, rows: 50, columns: 40 }
    const delta = randomDelta(2000, 4)
    const by = (start: number): Promise<Float32Array> =>
      roundTrip(
        powersgd({ rank: 1, values: fp32, matrices: [matrix], seed: new Uint8Array(32).fill(start) }),
        delta
      )
    expect(await by(1)).to.deep.equal(await by(1))
    expect(await by(1)).not.to.deep.equal(await by(2))
  })
})

describe("a model's matrices", () => {
  const manifest = {
    ...someManifest(),
    task: {
      ...someManifest().task,
      input: {
        kind: 'image',
        height: 28,
        width: 28,
        channels: 1,
        normalisation: { mean: 0, std: 1 }
      } as const,
      labels: [...'0123456789']
    },
    model: {
      ...someManifest().model,
      architecture: { preset: 'cnn' as const, filters: [32, 64], hidden: [512] }
    },
    exchange: exchangeSchema.parse({ codec: 'powersgd' })
  }

  it('are its kernels, what a layer gives out along the columns', () => {
    expect(matricesOf(manifest)).to.deep.equal([
      { offset: 0, rows: 25, columns: 32 },
      { offset: 832, rows: 800, columns: 64 },
      { offset: 52_096, rows: 3136, columns: 512 },
      { offset: 1_658_240, rows: 512, columns: 10 }
    ])
  })

  it('are what the codec of its federation sends factors of', () => {
    const length = 1_663_370
    const values = (25 + 32 + 800 + 64 + 3136 + 512 + 512 + 10) * 4 + 32 + 64 + 512 + 10
    const size = int8.sizeBytes(values)
    expect(codecFor(manifest, seed).sizeBytes(length)).to.equal(size)
    expect(size).to.be.below(22_000)
    expect(codecOf({ name: 'powersgd', rank: 4, values: 'int8' }, seed).sizeBytes(length)).to.equal(
      int8.sizeBytes(length)
    )
  })
})
