/** What training asks of an engine, operation by operation, on drawn shapes: for tests, and for the table of errors. */
import * as tf from '@tensorflow/tfjs-core'
import { isDeferred } from '../../src/compute/memory.ts'
import { seededRandom } from '../../src/random.ts'
import { deviceLoss } from '../../src/training/deviceLoss.ts'
import { hostLoss } from '../../src/training/hostLoss.ts'
import { lossFor } from '../../src/training/loss.ts'
import { drawn, gradientsOf } from './tensors.ts'

type Shape4 = [number, number, number, number]

/** One drawn case, built on the active backend: values, then gradients of a weighted sum of them by each input. */
export type DrawnCase = (seed: number) => tf.Tensor[]

function withGradients(f: (...xs: tf.Tensor[]) => tf.Tensor, shapes: number[][]): tf.Tensor[] {
  const xs = shapes.map((shape, i) => drawn(100 + i, shape))
  return [f(...xs), ...gradientsOf(f, xs)]
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

/** 3×3 and 5×5 of stride 1 with many channels, where fewer products pay (src/compute/wasm/pack/assembly/winograd.ts). */
function manyChannels(seed: number): Geometry {
  const random = seededRandom(seed)
  const [side, input, output] = [oneOf(random, [3, 5]), ...[1, 2].map(() => oneOf(random, [8, 12, 16, 20]))]
  return {
    x: [2, 9 + (random() % 6), 9 + (random() % 6), input],
    filter: [side, side, input, output],
    strides: [1, 1],
    pad: oneOf(random, ['same', 'valid'])
  }
}

/** Stride 1 on one channel, in lines (src/compute/wasm/pack/assembly/oneChannel.ts) or nearly. */
function oneChannel(seed: number): Geometry {
  const random = seededRandom(seed)
  const [kh, kw] = [oneOf(random, [1, 2, 3, 5]), oneOf(random, [2, 3, 5])]
  return {
    x: [1 + (random() % 3), kh + (random() % 12), 17 + (random() % 12), 1],
    filter: [kh, kw, 1, oneOf(random, [1, 3, 6, 8, 16, 18])],
    strides: [1, 1],
    pad: oneOf(random, ['same', 'valid'])
  }
}

/** A matrix whose sides are no multiples of anything, mostly. */
const matrixShape = (seed: number): number[] => {
  const random = seededRandom(seed)
  return [1 + (random() % 40), oneOf(random, [1, 2, 3, 4, 15, 16, 17, 37])]
}

function convolution({ x, filter, strides, pad }: Geometry): tf.Tensor[] {
  const conv = (image: tf.Tensor, by: tf.Tensor): tf.Tensor =>
    tf.conv2d(image as tf.Tensor4D, by as tf.Tensor4D, strides, pad)
  return withGradients(conv, [x, filter])
}

function convolutionLayer(seed: number, { x, filter, strides, pad }: Geometry): tf.Tensor[] {
  const [image, by, bias] = [x, filter, [filter[3]]].map((shape, i) => drawn(seed + i, shape))
  const operands = { x: image as tf.Tensor4D, filter: by as tf.Tensor4D, bias: bias as tf.Tensor1D }
  return [tf.fused.conv2d({ ...operands, strides, pad, activation: 'relu' })]
}

/** By name, in the order of the table. */
export const drawnCases: Record<string, DrawnCase> = {
  'matrix products, all four transpose forms': (seed) => {
    const random = seededRandom(seed)
    const [m, n, k] = [1, 2, 3].map(() => 1 + (random() % oneOf(random, [8, 60, 300])))
    const [transposeA, transposeB] = [seed % 2 === 0, seed % 4 < 2]
    const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.matMul(a, b, transposeA, transposeB)
    return withGradients(product, [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]])
  },
  'bias and ReLU': (seed) => {
    const shape = matrixShape(seed)
    return withGradients((x, bias) => tf.relu(tf.add(x, bias)), [shape, shape.slice(1)])
  },
  convolutions: (seed) => convolution(geometry(seed)),
  'convolutions with bias and ReLU in the same pass': (seed) => convolutionLayer(seed, geometry(seed)),
  'convolutions of many channels': (seed) => convolution(manyChannels(seed)),
  'convolutions of many channels with bias and ReLU in the same pass': (seed) =>
    convolutionLayer(seed, manyChannels(seed)),
  'convolutions of one channel': (seed) => convolution(oneChannel(seed)),
  'convolutions of one channel with bias and ReLU in the same pass': (seed) =>
    convolutionLayer(seed, oneChannel(seed)),
  'depthwise convolutions': (seed) => {
    const { x, filter, strides, pad } = geometry(seed)
    const multiplier = 1 + (seed % 2)
    const conv = (image: tf.Tensor, by: tf.Tensor): tf.Tensor =>
      tf.depthwiseConv2d(image as tf.Tensor4D, by as tf.Tensor4D, strides, pad)
    return withGradients(conv, [x, [filter[0], filter[1], x[3], multiplier]])
  },
  'max pooling': (seed) => {
    const { x, filter, strides, pad } = geometry(seed)
    const pool = (image: tf.Tensor): tf.Tensor =>
      tf.maxPool(image as tf.Tensor4D, [filter[0], filter[1]], strides, pad)
    return withGradients(pool, [x])
  },
  'look-ups of rows, some of them twice, most of them never': (seed) => {
    const random = seededRandom(seed)
    const [rows, width] = [1 + (random() % 50), oneOf(random, [1, 3, 4, 5, 8, 13])]
    const ids = Int32Array.from({ length: 1 + (random() % 20) }, () => random() % rows)
    const lookUp = (table: tf.Tensor): tf.Tensor => tf.gather(table, tf.tensor1d(ids, 'int32'))
    return withGradients(lookUp, [[rows, width]])
  },
  'means and deviations over rows': (seed) => {
    const normalised = (x: tf.Tensor): tf.Tensor => {
      const { mean, variance } = tf.moments(x, 1, true)
      return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3)))
    }
    return withGradients(normalised, [matrixShape(seed)])
  },
  // Of one value it is 1, and its gradient is rounding alone.
  softmax: (seed) => {
    const [rows, columns] = matrixShape(seed)
    return withGradients((x) => tf.softmax(x), [[rows, columns + 1]])
  },
  "softmax's cross-entropy": (seed) => {
    const [rows, columns] = matrixShape(seed)
    const targets = Float32Array.from({ length: rows }, (_, i) => (i * 7) % columns)
    const [loss, by] = [lossFor('categoricalCrossentropy'), { targets, width: columns }]
    const logits = drawn(seed, [rows, columns])
    if (isDeferred()) return Object.values(deviceLoss(loss)(logits, by)) as tf.Tensor[]
    const { sum, slopes } = hostLoss(loss, logits, by)
    return [tf.scalar(sum), slopes]
  },
  // Of one key the share is 1, and the gradient by what it depends on is rounding alone.
  'attention: softmax(q · kᵀ / √d) · v, in batches': (seed) => {
    const random = seededRandom(seed)
    const [batch, queries, others, width] = [1, 2, 3, 4].map(() => 1 + (random() % oneOf(random, [4, 20])))
    const keys = 1 + others
    const attention = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor =>
      tf.matMul(tf.softmax(tf.div(tf.matMul(q, k, false, true), Math.sqrt(width))), v)
    return withGradients(attention, [
      [batch, queries, width],
      [batch, keys, width],
      [batch, keys, 5]
    ])
  },
  'tanh and sigmoid': (seed) => withGradients((x) => tf.mul(tf.tanh(x), tf.sigmoid(x)), [matrixShape(seed)])
}
