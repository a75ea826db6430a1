import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { seededRandom } from '../../src/random.ts'
import { deviation, drawn, gradientsOf } from './tensors.ts'

type Shape4 = [number, number, number, number]

/** One drawn case: values and gradients to compare, built on the active backend. */
type Case = () => tf.Tensor[]

const SEEDS = Array.from({ length: 24 }, (_, i) => i + 1)

/** f(xs), and the gradient of a weighted sum of it by each of xs. */
function withGradients(f: (...xs: tf.Tensor[]) => tf.Tensor, shapes: number[][]): tf.Tensor[] {
  const xs = shapes.map((shape, i) => drawn(100 + i, shape))
  return [f(...xs), ...gradientsOf(f, xs)]
}

const values = async (backend: 'wasm' | 'cpu', cases: Case[]): Promise<Float32Array[][]> => {
  await startBackend(backend)
  return cases.map((make) => tf.tidy(() => make().map((tensor) => tensor.dataSync<'float32'>().slice())))
}

/** Every case within 1e-5 of cpu, as a share of the largest value. */
async function expectAgreement(cases: Case[]): Promise<void> {
  const found = await values('wasm', cases)
  const expected = await values('cpu', cases)
  const deviations = expected.flatMap((tensors, i) =>
    tensors.map((tensor, j) => deviation(found[i][j], tensor))
  )
  expect(Math.max(...deviations)).to.be.below(1e-5)
}

const oneOf = <T>(random: () => number, options: readonly T[]): T => options[random() % options.length]

interface Geometry {
  x: Shape4
  filter: Shape4
  strides: [number, number]
  pad: 'same' | 'valid'
}

/** Channels below, at and past the width of a vector and of a tile; filters up to the whole image. */
function geometry(seed: number): Geometry {
  const random = seededRandom(seed)
  const [kh, kw] = [oneOf(random, [1, 2, 3, 5]), oneOf(random, [1, 2, 3, 5])]
  const [input, output] = [oneOf(random, [1, 2, 3, 4, 7, 16]), oneOf(random, [1, 3, 8, 10])]
  const [height, width] = [kh + (random() % 6), kw + (random() % 6)]
  return {
    x: [1 + (random() % 3), height, width, input],
    filter: [kh, kw, input, output],
    strides: [oneOf(random, [1, 1, 2, 3]), oneOf(random, [1, 1, 2, 3])],
    pad: oneOf(random, ['same', 'valid'])
  }
}

describe('training kernels on drawn shapes, against cpu', () => {
  it('convolutions, values and gradients', async () => {
    await expectAgreement(
      SEEDS.map((seed) => () => {
        const { x, filter, strides, pad } = geometry(seed)
        const conv = (...[image, by]: tf.Tensor[]): tf.Tensor =>
          tf.conv2d(image as tf.Tensor4D, by as tf.Tensor4D, strides, pad)
        return withGradients(conv, [x, filter])
      })
    )
  }).timeout(60_000)

  it('convolutions with bias and ReLU in the same pass', async () => {
    await expectAgreement(
      SEEDS.map((seed) => () => {
        const { x, filter, strides, pad } = geometry(seed)
        const [image, by, bias] = [x, filter, [filter[3]]].map((shape, i) => drawn(seed + i, shape))
        const operands = { x: image as tf.Tensor4D, filter: by as tf.Tensor4D, bias: bias as tf.Tensor1D }
        return [tf.fused.conv2d({ ...operands, strides, pad, activation: 'relu' })]
      })
    )
  }).timeout(60_000)

  it('depthwise convolutions', async () => {
    await expectAgreement(
      SEEDS.map((seed) => () => {
        const { x, filter, strides, pad } = geometry(seed)
        const multiplier = 1 + (seed % 2)
        const conv = (...[image, by]: tf.Tensor[]): tf.Tensor =>
          tf.depthwiseConv2d(image as tf.Tensor4D, by as tf.Tensor4D, strides, pad)
        return withGradients(conv, [x, [filter[0], filter[1], x[3], multiplier]])
      })
    )
  })

  it('max pooling', async () => {
    await expectAgreement(
      SEEDS.map((seed) => () => {
        const { x, filter, strides, pad } = geometry(seed)
        const pool = (image: tf.Tensor): tf.Tensor =>
          tf.maxPool(image as tf.Tensor4D, [filter[0], filter[1]], strides, pad)
        return withGradients(pool, [x])
      })
    )
  })

  it('bias and ReLU', async () => {
    await expectAgreement(
      SEEDS.map((seed) => () => {
        const random = seededRandom(seed)
        const shape = [1 + (random() % 40), oneOf(random, [1, 2, 3, 4, 15, 16, 17, 37])]
        return withGradients((x, bias) => tf.relu(tf.add(x, bias)), [shape, shape.slice(1)])
      })
    )
  })

  it('look-ups of rows, some of them twice, most of them never', async () => {
    await expectAgreement(
      SEEDS.map((seed) => () => {
        const random = seededRandom(seed)
        const [rows, width] = [1 + (random() % 50), oneOf(random, [1, 3, 4, 5, 8, 13])]
        const ids = Int32Array.from({ length: 1 + (random() % 20) }, () => random() % rows)
        const lookUp = (table: tf.Tensor): tf.Tensor => tf.gather(table, tf.tensor1d(ids, 'int32'))
        return withGradients(lookUp, [[rows, width]])
      })
    )
  })

  it('nothing at all', async () => {
    await expectAgreement([
      () =>
        withGradients(
          (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
          [
            [0, 3],
            [3, 2]
          ]
        ),
      () => withGradients((x, bias) => tf.relu(tf.add(x, bias)), [[0, 3], [3]])
    ])
  })
})
