import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { seededRandom } from '../../src/random.ts'
import { InvalidTargetError } from '../../src/training/errors.ts'
import { hostLoss } from '../../src/training/hostLoss.ts'
import { lossFor } from '../../src/training/loss.ts'
import { differences, naiveCrossEntropy, naiveSoftmax } from './naive.ts'
import { deviation, drawn, gradientsOf } from './tensors.ts'
import type { Naive } from './naive.ts'

const naive = (tensor: tf.Tensor): Naive => ({
  shape: tensor.shape,
  values: Float64Array.from(tensor.dataSync())
})

/** Rows from none on, of one value and more, logits from small to large. */
const cases = Array.from({ length: 30 }, (_, i) => {
  const random = seededRandom(i)
  return { rows: i % 5, n: 1 + (random() % 40), scale: [0.1, 1, 6][i % 3], seed: i }
})
const softmaxLoss = lossFor('categoricalCrossentropy')

describe('softmax on wasm', () => {
  before(() => startBackend('wasm'))

  it('agrees with a naive one and its differences, whatever the shape', () => {
    for (const { rows, n, scale, seed } of cases) {
      tf.tidy(() => {
        const x = tf.mul(drawn(seed, [rows, n]), scale)
        const slopes = drawn(77, [rows, n]).dataSync<'float32'>()
        const [by] = differences(naiveSoftmax, [naive(x)], slopes)
        const [found] = gradientsOf((at) => tf.softmax(at), [x])
        expect(
          deviation(tf.softmax(x).dataSync<'float32'>(), Float32Array.from(naiveSoftmax(naive(x))))
        ).to.be.below(1e-6)
        expect(deviation(found.dataSync<'float32'>(), by)).to.be.below(1e-5)
      })
    }
  })

  it('takes one kernel each way', async () => {
    const { kernels } = await tf.profile(() =>
      tf.tidy(() => void tf.grad((x) => tf.sum(tf.softmax(x)))(drawn(1, [3, 5])))
    )
    const names = kernels.map(({ name }) => name)
    expect(names.filter((name) => name.includes('Softmax'))).to.deep.equal(['Softmax', 'MurmurSoftmaxGrad'])
    expect(names).to.not.include('Sub')
  })

  it('withstands logits far apart, and shows NaN', () => {
    const rows = tf.tidy(() => {
      const x = tf.tensor2d([1e30, 0, -1e30, 3e38, -Infinity, 0, 1, NaN, 1], [3, 3])
      return tf.softmax(x).arraySync() as number[][]
    })
    expect(rows[0].map(Math.fround)).to.satisfy(([a, b, c]: number[]) => a === 1 && b < 1e-30 && c < 1e-30)
    expect(rows[1][0]).to.equal(1)
    expect(rows[2].every(Number.isNaN)).to.equal(true)
  })
})

describe("softmax's cross-entropy on wasm", () => {
  before(() => startBackend('wasm'))

  it('agrees with a naive one and its differences, and with the plain loops', () => {
    for (const { rows, n, scale, seed } of cases.filter(({ rows }) => rows > 0)) {
      const random = seededRandom(seed, 1)
      const targets = Float32Array.from({ length: rows }, () => random() % n)
      tf.tidy(() => {
        const logits = tf.mul(drawn(seed, [rows, n]), scale)
        const { sum, slopes } = hostLoss(softmaxLoss, logits, { targets, width: n })
        const loss = naiveCrossEntropy(targets)
        const [by] = differences(loss, [naive(logits)], Float32Array.of(1))
        const mean = loss(naive(logits))[0]
        expect(sum / rows).to.be.closeTo(mean, 1e-6 * Math.max(1, mean))
        expect(deviation(slopes.dataSync<'float32'>(), by)).to.be.below(1e-5)
        const plain = new Float32Array(rows * n)
        softmaxLoss({ logits: logits.dataSync<'float32'>(), targets, width: n }, plain)
        expect(deviation(slopes.dataSync<'float32'>(), plain)).to.be.below(1e-5)
      })
    }
  })

  it('refuses a class that is none', () => {
    const attempt = (target: number) => (): void =>
      tf.tidy(() => {
        hostLoss(softmaxLoss, drawn(1, [1, 3]), { targets: Float32Array.of(target), width: 3 })
      })
    for (const target of [3, -1, 0.5, NaN]) expect(attempt(target)).to.throw(InvalidTargetError)
  })

  it('is no number when a logit is none, so that divergence is seen', () => {
    const sum = tf.tidy(
      () =>
        hostLoss(softmaxLoss, tf.tensor2d([0, NaN], [1, 2]), { targets: Float32Array.of(0), width: 2 }).sum
    )
    expect(sum).to.be.NaN
  })
})
