import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { seededRandom, uniform } from '../../src/random.ts'

interface Form {
  transposeA: boolean
  transposeB: boolean
}

const forms: Form[] = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB }))
)

/** Row-major matrix with its own indexing, so that the reference below is as plain as can be. */
class Matrix {
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array

  constructor(rows: number, columns: number, random: () => number) {
    this.rows = rows
    this.columns = columns
    this.values = Float32Array.from({ length: rows * columns }, () => 2 * uniform(random) - 1)
  }

  at(row: number, column: number, isTransposed: boolean): number {
    return isTransposed ? this.values[column * this.columns + row] : this.values[row * this.columns + column]
  }

  tensor(): tf.Tensor2D {
    return tf.tensor2d(this.values, [this.rows, this.columns])
  }
}

/** Σ a·b, one value at a time, in float64. */
function naive(
  a: Matrix,
  b: Matrix,
  { transposeA, transposeB }: Form,
  size: [number, number, number]
): number[] {
  const [m, n, k] = size
  return Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    let sum = 0
    for (let p = 0; p < k; p++) sum += a.at(i, p, transposeA) * b.at(p, j, transposeB)
    return sum
  })
}

function operands(size: [number, number, number], { transposeA, transposeB }: Form, seed: number): Matrix[] {
  const random = seededRandom(seed)
  const [m, n, k] = size
  const a = transposeA ? new Matrix(k, m, random) : new Matrix(m, k, random)
  return [a, transposeB ? new Matrix(n, k, random) : new Matrix(k, n, random)]
}

/** Mostly up to 40; 0 and 1 now and then; past the kernel's blocks of 48, 96, 256 and 512 as well. */
function drawnSize(random: () => number): [number, number, number] {
  const one = (): number => {
    const kind = uniform(random)
    if (kind < 0.05) return 0
    if (kind < 0.15) return 1
    return Math.floor((kind < 0.85 ? 40 : 600) * uniform(random)) + 1
  }
  return [one(), one(), one()]
}

function expectClose(found: ArrayLike<number>, expected: number[], k: number): void {
  expect(found.length).to.equal(expected.length)
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(found[i] - value)), 0)
  expect(worst).to.be.at.most(1e-6 * (k + 1))
}

describe("the pack's matrix products", () => {
  before(() => startBackend('wasm'))

  for (const form of forms) {
    it(`agree with a naive product on drawn shapes: ${JSON.stringify(form)}`, () => {
      const random = seededRandom(3)
      for (let round = 0; round < 60; round++) {
        const size = drawnSize(random)
        if (size[0] * size[1] * size[2] > 1e6) continue
        const [a, b] = operands(size, form, round)
        const { transposeA, transposeB } = form
        const found = tf.tidy(() => tf.matMul(a.tensor(), b.tensor(), transposeA, transposeB).dataSync())
        expectClose(found, naive(a, b, form, size), size[2])
      }
    })

    it(`add a bias and apply ReLU in the same pass: ${JSON.stringify(form)}`, () => {
      for (const size of [
        [7, 5, 9],
        [1, 1, 1],
        [50, 17, 300],
        [6, 8, 0],
        [3, 90, 31]
      ] as [number, number, number][]) {
        const [a, b] = operands(size, form, 5)
        const bias = Float32Array.from({ length: size[1] }, (_, j) => 0.1 * j - 1)
        const found = tf.tidy(() => {
          const inputs = { a: a.tensor(), b: b.tensor(), bias: tf.tensor1d(bias) }
          return tf.fused.matMul({ ...inputs, ...form, activation: 'relu' }).dataSync()
        })
        const sums = naive(a, b, form, size)
        expectClose(
          found,
          sums.map((sum, at) => Math.max(0, sum + bias[at % size[1]])),
          size[2]
        )
      }
    })
  }

  it('multiply batches, and one matrix with each of a batch', () => {
    const random = seededRandom(4)
    const [m, n, k] = [5, 9, 7]
    const single = new Matrix(m, k, random)
    const others = Array.from({ length: 6 }, () => new Matrix(k, n, random))
    const found = tf.tidy(() => {
      const b = tf.reshape(tf.stack(others.map((other) => other.tensor())), [2, 3, k, n])
      const a = tf.reshape(single.tensor(), [1, 1, m, k])
      return [tf.matMul(a, b), tf.matMul(tf.tile(a, [2, 3, 1, 1]), b)].map((product) => product.dataSync())
    })
    const form = { transposeA: false, transposeB: false }
    const expected = others.flatMap((other) => naive(single, other, form, [m, n, k]))
    for (const product of found) expectClose(product, expected, k)
  })

  it('keep NaN through ReLU, so that divergence is seen', () => {
    const values = tf.tidy(() => {
      const a = tf.tensor2d([NaN, 1], [1, 2])
      const [narrow, wide] = [tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([2, 8])]
      return [narrow, wide].map((b) => tf.fused.matMul({ a, b, activation: 'relu' }).dataSync())
    })
    for (const row of values) expect([...row].every(Number.isNaN)).to.equal(true)
  })

  it('find their operands after the heap has grown', () => {
    const before = tf.tidy(() => tf.matMul(tf.ones([3, 4]), tf.ones([4, 5])).dataSync())
    const after = tf.tidy(() => {
      const [a, b] = [tf.ones<tf.Rank.R2>([3, 4]), tf.ones<tf.Rank.R2>([4, 5])]
      // 400 MB: more than the heap has had so far.
      const large = Array.from({ length: 4 }, () => tf.zeros([25, 1024, 1024]))
      const product = tf.matMul(a, b).dataSync()
      for (const tensor of large) tensor.dispose()
      return product
    })
    expect([...after]).to.deep.equal([...before])
  })
})
