import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { drawn, gradientsOf } from './tensors.ts'

/** Builds its inputs on the active backend and gives the values to compare. */
type Computation = () => tf.Tensor | tf.Tensor[]

async function valuesOn(
  backend: 'wasm' | 'cpu',
  compute: Computation
): Promise<{ shape: number[]; values: number[] }[]> {
  await startBackend(backend)
  return tf.tidy(() =>
    [compute()].flat().map((t) => ({ shape: t.shape, values: [...t.dataSync()] as number[] }))
  )
}

async function expectEqual(compute: Computation): Promise<void> {
  const { numTensors, numBytes } = tf.memory()
  const [found, expected] = [await valuesOn('wasm', compute), await valuesOn('cpu', compute)]
  for (const [i, { shape, values }] of expected.entries()) {
    expect(found[i].shape).to.deep.equal(shape)
    const scale = Math.max(1e-6, ...values.map(Math.abs))
    for (const [j, value] of values.entries())
      expect(found[i].values[j]).to.be.closeTo(value, 1e-5 * scale + 1e-6)
  }
  expect(tf.memory()).to.include({ numTensors, numBytes })
}

/** The gradient of a weighted sum of `f`, by every input. */
const gradients =
  (f: (...inputs: tf.Tensor[]) => tf.Tensor, ...inputs: [number, number[]][]): Computation =>
  () =>
    gradientsOf(
      f,
      inputs.map(([seed, shape]) => drawn(seed, shape))
    )

const conv =
  (strides: number, pad: 'same' | 'valid') =>
  (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad)

describe('wasm training kernels against cpu', () => {
  before(() => startBackend('wasm'))

  for (const [transposeA, transposeB] of [
    [true, false],
    [false, true],
    [true, true]
  ]) {
    it(`multiplies matrices, transposed: ${transposeA}, ${transposeB}`, async () => {
      const a = transposeA ? [7, 5] : [5, 7]
      const b = transposeB ? [3, 7] : [7, 3]
      await expectEqual(() => tf.matMul(drawn(1, a), drawn(2, b), transposeA, transposeB))
      await expectEqual(() => tf.matMul(drawn(1, [4, ...a]), drawn(2, [4, ...b]), transposeA, transposeB))
    })
  }

  it('multiplies, adds a bias and applies ReLU in one, transposed', async () => {
    await expectEqual(() => {
      const [a, b, bias] = [drawn(1, [7, 5]), drawn(2, [3, 7]), drawn(3, [3])]
      const [transposeA, transposeB] = [true, true]
      return tf.fused.matMul({ a, b, bias, transposeA, transposeB, activation: 'relu' })
    })
  })

  it('adds a row to every row, and leaves other broadcasts alone', async () => {
    await expectEqual(() => tf.add(drawn(1, [2, 3, 4, 5]), drawn(2, [5])))
    await expectEqual(() => tf.add(drawn(1, [5]), drawn(2, [4, 5])))
    await expectEqual(() => tf.add(drawn(1, [4, 1]), drawn(2, [1, 5])))
    await expectEqual(() => tf.add(drawn(1, [4, 5]), drawn(2, [1])))
  })

  it('sums over leading axes, and leaves other sums alone', async () => {
    for (const axes of [[0, 1, 2], [0], [3], [1, 2], undefined]) {
      await expectEqual(() => tf.sum(drawn(1, [2, 3, 4, 5]), axes))
    }
    await expectEqual(() => tf.sum(drawn(1, [6, 5]), 0, true))
    await expectEqual(() => tf.sum(drawn(1, [6, 5]), -1))
  })

  it('sums by segment and looks rows up', async () => {
    const ids = (): tf.Tensor => tf.tensor([2, 0, 2, 1], [4], 'int32')
    await expectEqual(() => tf.unsortedSegmentSum(drawn(1, [4, 3]), ids() as tf.Tensor1D, 3))
    await expectEqual(() =>
      tf.gather(
        drawn(1, [4, 3]),
        tf.tensor(
          [
            [3, 0],
            [1, 1]
          ],
          [2, 2],
          'int32'
        )
      )
    )
    await expectEqual(() => tf.gather(drawn(1, [4, 3]), tf.tensor([2, 0], [2], 'int32'), 1))
    await expectEqual(gradients((table) => tf.gather(table, ids()), [1, [3, 5]]))
  })

  it('refuses a look-up outside the table', async () => {
    await startBackend('wasm')
    const lookUp = (): unknown => tf.tidy(() => tf.gather(drawn(1, [4, 3]), tf.tensor([4], [1], 'int32')))
    expect(lookUp).to.throw('index 4, expected 0 to 3')
  })

  for (const [strides, pad] of [
    [1, 'same'],
    [1, 'valid'],
    [2, 'same'],
    [2, 'valid']
  ] as const) {
    it(`differentiates a convolution with stride ${strides}, padding ${pad}`, async () => {
      await expectEqual(gradients(conv(strides, pad), [1, [2, 7, 8, 3]], [2, [3, 3, 3, 4]]))
      await expectEqual(gradients(conv(strides, pad), [1, [1, 9, 6, 1]], [2, [5, 5, 1, 2]]))
      await expectEqual(gradients(conv(strides, pad), [1, [2, 6, 6, 2]], [2, [2, 4, 2, 3]]))
    })

    it(`differentiates max pooling with stride ${strides}, padding ${pad}`, async () => {
      const pool = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, [2, 3], strides, pad)
      await expectEqual(gradients(pool, [1, [2, 7, 8, 3]]))
    })
  }

  // Positions at a time are 1,020, or what fits: one image and some of the next, some rows, or less than a row.
  const large = [
    { strides: 1, pad: 'same', x: [5, 40, 40, 16], filter: [5, 5, 16, 2] },
    { strides: 1, pad: 'valid', x: [3, 35, 33, 1], filter: [5, 5, 1, 6] },
    { strides: 1, pad: 'same', x: [2, 70, 75, 1], filter: [7, 5, 1, 10] },
    { strides: 1, pad: 'same', x: [1, 9, 4000, 1], filter: [3, 5, 1, 3] },
    { strides: 2, pad: 'valid', x: [3, 61, 47, 3], filter: [3, 5, 3, 6] },
    { strides: 3, pad: 'same', x: [4, 50, 64, 2], filter: [4, 2, 2, 9] },
    { strides: 1, pad: 'same', x: [1, 4, 300, 8], filter: [7, 9, 8, 3] }
  ] as const
  for (const { strides, pad, x, filter } of large) {
    it(`differentiates a convolution in chunks when its patches are many: ${x.join('×')}`, async () => {
      const big: Computation = gradients(conv(strides, pad), [1, [...x]], [2, [...filter]])
      const [found, expected] = [await valuesOn('wasm', big), await valuesOn('cpu', big)]
      for (const [i, { values }] of expected.entries()) {
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        for (const [j, value] of values.entries()) {
          const isClose = Math.abs(found[i].values[j] - value) <= 1e-4 * largest
          if (!isClose) expect(found[i].values[j]).to.equal(value)
        }
      }
    }).timeout(30_000)
  }

  it('differentiates ReLU and average pooling', async () => {
    await expectEqual(gradients(tf.relu, [1, [4, 5]]))
    await expectEqual(gradients((x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'same'), [1, [2, 5, 5, 3]]))
  })
})
