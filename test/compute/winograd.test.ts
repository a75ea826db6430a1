import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { seededRandom } from '../../src/random.ts'
import { naiveConvolution } from './naive.ts'
import { drawn } from './tensors.ts'
import type { NaiveConvolution } from './naive.ts'

type Shape4 = [number, number, number, number]

/** A convolution of stride 1 with square filters. */
interface Case {
  x: Shape4
  taps: number
  out: number
  pad: 'same' | 'valid'
}

const geometryOf = ({ x, taps, out, pad }: Case): NaiveConvolution => {
  const lost = pad === 'same' ? 0 : taps - 1
  const before = pad === 'same' ? (taps - 1) / 2 : 0
  const y: Shape4 = [x[0], x[1] - lost, x[2] - lost, out]
  return { x, filter: [taps, taps, x[3], out], y, padding: [before, before] }
}

/** Both ways on the active backend: outputs, gradients by input and filter. */
function found(pad: Case['pad'], x: tf.Tensor, filter: tf.Tensor, dy: tf.Tensor): Float32Array[] {
  return tf.tidy(() => {
    const conv = (image: tf.Tensor, by: tf.Tensor): tf.Tensor =>
      tf.conv2d(image as tf.Tensor4D, by as tf.Tensor4D, 1, pad)
    const all = [conv(x, filter), ...tf.grads(conv)([x, filter], dy)]
    return all.map((tensor) => tensor.dataSync<'float32'>().slice())
  })
}

/** What eight points may lose, and six (docs/compute.md). */
const allowed = ({ taps }: Case): number => (taps === 5 ? 2e-5 : 4e-6)

/** The largest difference, as a share of the largest value expected; NaN counts as the largest. */
function errorOf(values: Float32Array, expected: Float64Array): number {
  expect(values).to.have.length(expected.length)
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(values[i] - value)), 0) / scale
}

/** Errors of the outputs and both gradients against sums in float64. */
function errors(each: Case): number[] {
  const geometry = geometryOf(each)
  return tf.tidy(() => {
    const operands = [geometry.x, geometry.filter, geometry.y].map((shape, i) => drawn(i + 1, [...shape]))
    const [x, filter, dy] = operands.map((tensor) => tensor.dataSync<'float32'>())
    const expected = naiveConvolution(geometry, { x, filter, dy })
    return found(each.pad, ...(operands as [tf.Tensor, tf.Tensor, tf.Tensor])).map((values, i) =>
      errorOf(values, expected[i])
    )
  })
}

/** Channels in fours and not, sides that are multiples of a tile's and not. */
function drawnCase(seed: number): Case {
  const random = seededRandom(seed)
  const among = (options: number[]): number => options[random() % options.length]
  const taps = among([3, 5])
  const [height, width] = [1, 2].map(() => taps + (random() % 14))
  return {
    x: [1 + (random() % 4), height, width, among([8, 12, 15, 16, 20, 36])],
    taps,
    out: among([8, 10, 12, 16, 24, 28]),
    pad: random() % 2 === 0 ? 'same' : 'valid'
  }
}

describe('convolutions with fewer products', () => {
  before(() => startBackend('wasm'))

  it('give the sums that they stand for, whatever the shape', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const each = drawnCase(seed)
      for (const error of errors(each)) expect(error, JSON.stringify(each)).to.be.below(allowed(each))
    }
  }).timeout(60_000)

  // Tiles of a block are 48 or more: several blocks, that end within a row of tiles, and in the last of them a few tiles.
  const large: Case[] = [
    { x: [10, 14, 14, 32], taps: 5, out: 64, pad: 'same' },
    { x: [5, 27, 23, 16], taps: 5, out: 36, pad: 'valid' },
    { x: [3, 57, 35, 36], taps: 3, out: 32, pad: 'same' },
    { x: [1, 7, 401, 8], taps: 3, out: 8, pad: 'same' },
    { x: [20, 8, 8, 64], taps: 3, out: 128, pad: 'valid' }
  ]
  for (const each of large) {
    it(`go over many tiles block by block: ${JSON.stringify(each)}`, () => {
      for (const error of errors(each)) expect(error).to.be.below(allowed(each))
    }).timeout(30_000)
  }

  it('add a bias and end with ReLU in the same pass', () => {
    for (const each of large.slice(0, 2)) {
      const geometry = geometryOf(each)
      tf.tidy(() => {
        const [x, filter, bias] = [geometry.x, geometry.filter, [each.out]].map((shape, i) =>
          drawn(i + 1, [...shape])
        )
        const operands = { x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, bias: bias as tf.Tensor1D }
        const y = tf.fused.conv2d({ ...operands, strides: 1, pad: each.pad, activation: 'relu' })
        const [sums] = naiveConvolution(geometry, {
          x: x.dataSync(),
          filter: filter.dataSync(),
          dy: y.dataSync()
        })
        const offsets = bias.dataSync()
        const expected = sums.map((sum, i) => Math.max(0, sum + offsets[i % each.out]))
        expect(errorOf(y.dataSync<'float32'>(), expected)).to.be.below(allowed(each))
      })
    }
  }).timeout(30_000)
})

describe('NaN and infinities in convolutions with fewer products', () => {
  before(() => startBackend('wasm'))

  const shapes: Case[] = [
    { x: [1, 13, 13, 16], taps: 5, out: 8, pad: 'same' },
    { x: [3, 13, 13, 16], taps: 3, out: 8, pad: 'same' }
  ]

  /** Operands of ones, with one value of one of them replaced. */
  function spoiled(each: Case, which: number, by: { place: number; value: number }): tf.Tensor[] {
    const { x, filter, y } = geometryOf(each)
    return [x, filter, y].map((shape, i) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b)).fill(1)
      if (i === which) values[by.place % values.length] = by.value
      return tf.tensor(values, [...shape])
    })
  }

  /** The places that should not be finite, and are. */
  function lost(each: Case, operands: tf.Tensor[]): number[] {
    const [x, filter, dy] = operands.map((tensor) => tensor.dataSync<'float32'>())
    const expected = naiveConvolution(geometryOf(each), { x, filter, dy })
    return found(each.pad, operands[0], operands[1], operands[2]).flatMap((values, i) =>
      [...values.keys()].filter((at) => Number.isFinite(values[at]) && !Number.isFinite(expected[i][at]))
    )
  }

  for (const value of [NaN, Infinity, -Infinity]) {
    it(`${value} reaches all that it should`, () => {
      const random = seededRandom(5)
      for (let i = 0; i < 40; i++) {
        const each = shapes[i % 2]
        tf.tidy(() => {
          expect(lost(each, spoiled(each, i % 3, { place: random(), value }))).to.deep.equal([])
        })
      }
    }).timeout(30_000)
  }

  it('spread within tiles, and no further', () => {
    tf.tidy(() => {
      // Pixel (8, 8) matters to outputs 7 to 9 of its row; tiles begin at 4 and 8, and the first has it at its edge.
      const [x, filter, dy] = spoiled(shapes[1], 0, { place: (8 * 13 + 8) * 16, value: NaN })
      const [y] = found('same', x, filter, dy)
      const reached = Array.from({ length: 13 }, (_, column) => column).filter((column) =>
        Number.isNaN(y[(8 * 13 + column) * 8])
      )
      expect(reached).to.deep.equal([7, 8, 9, 10, 11])
    })
  })
})
