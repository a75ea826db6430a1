/** Layers at work on fixed places: the kernels that TensorFlow.js' operations call, without the operations. */
import { backend_util } from '@tensorflow/tfjs-core'
import { prepared } from '../convolution.ts'
import { addressOf, sizeOf } from '../heap.ts'
import { RELU } from '../pack/flags.ts'
import { multiply } from '../product.ts'
import type { Geometry } from '../convolution.ts'
import type { Pack } from '../pack/index.ts'
import type {
  ChainLayer,
  ConvLayer,
  DenseLayer,
  Places,
  PoolLayer,
  Stage,
  Window,
  Workshop
} from './types.ts'

/** The stage of a layer. */
export function stageOf(layer: ChainLayer, places: Places, workshop: Workshop): Stage {
  switch (layer.kind) {
    case 'dense':
      return denseStage(layer, places, workshop)
    case 'conv':
      return convStage(layer, places, workshop)
    case 'pool':
      return poolStage(layer, places, workshop)
  }
}

/** Values that a layer puts out for one example. */
export function outputSize(layer: ChainLayer): number {
  return sizeOf(layer.kind === 'dense' ? layer.kernel.shape.slice(1) : layer.window.output)
}

/** For how many examples an input could be multiplied by its weights in the time that gathering these takes, and more. */
const GATHERING = 4

/** Inputs that are zero in all examples, like dark pixels, have no part in the products: only the others are gathered. */
function denseStage(layer: DenseLayer, places: Places, { backend, pack }: Workshop): Stage {
  const { functions } = pack
  const { kernel, bias, relu } = layer
  const { x, y, dy, dx, gradients, columns, gathered } = places
  const [inputs, units] = kernel.shape
  const [input, output] = [4 * inputs, 4 * units]
  const undo = (count: number): void =>
    undoBiasRelu(pack, layer, { rows: count, columns: units, y, dy, sums: gradients[1] })
  const intoInput = (count: number): void => {
    if (dx === 0) return
    const b = { at: addressOf(backend, kernel), row: 4, column: output }
    multiply(pack, { m: count, n: inputs, k: units, a: slopes, b, c: dx, cRow: input })
  }
  const slopes = { at: dy, row: output, column: 4 }
  let active = inputs
  return {
    forward(count) {
      const b = { at: addressOf(backend, kernel), row: output, column: 4 }
      const start = bias == null ? 0 : addressOf(backend, bias)
      const to = { c: y, cRow: output, bias: start, relu }
      active = functions.activeColumns(count, inputs, x, columns)
      if (active * (count + GATHERING) > inputs * count) {
        active = inputs
        const a = { at: x, row: input, column: 4 }
        multiply(pack, { m: count, n: units, k: inputs, a, b, ...to })
      } else {
        functions.gatherColumns(count, inputs, active, x, columns, gathered)
        const a = { at: gathered, row: 4 * active, column: 4 }
        multiply(pack, { m: count, n: units, k: active, a, b, bRows: columns, ...to })
      }
    },
    backward(count) {
      undo(count)
      const a = { at: x, row: 4, column: input }
      multiply(pack, { m: inputs, n: units, k: count, a, b: slopes, c: gradients[0], cRow: output })
      intoInput(count)
    },
    descend(count, rate) {
      undo(count)
      intoInput(count)
      const isFew = active < inputs
      const a = { at: isFew ? gathered : x, row: 4, column: 4 * active }
      const to = { c: addressOf(backend, kernel), cRow: output, cRows: isFew ? columns : 0, rate }
      multiply(pack, { m: active, n: units, k: count, a, b: slopes, ...to })
      if (bias != null) functions.sgd(units, addressOf(backend, bias), gradients[1], rate)
    }
  }
}

interface Outputs {
  rows: number
  columns: number
  y: number
  dy: number
  sums: number
}

/** In place: dy becomes the derivative before the ReLU; `sums` that by the bias, if there is one. */
function undoBiasRelu(
  { functions }: Pack,
  { bias, relu }: Pick<DenseLayer, 'bias' | 'relu'>,
  { rows, columns, y, dy, sums }: Outputs
): void {
  if (relu && bias != null) functions.biasReluGradient(rows, columns, y, dy, dy, sums)
  else if (relu) functions.reluGradient(rows * columns, y, dy, dy)
  else if (bias != null) functions.sumRows(rows, columns, dy, sums)
}

function convStage(layer: ConvLayer, places: Places, { backend, pack }: Workshop): Stage {
  const { kernel, bias, relu, window } = layer
  const { x, y, dy, dx, gradients } = places
  const geometry = geometryOf(window)
  const [height, width, channels] = window.output
  const at = (count: number): number => prepared(pack, { ...geometry, batchSize: count })
  const { functions } = pack
  const backward = (count: number): void => {
    const rows = count * height * width
    undoBiasRelu(pack, layer, { rows, columns: channels, y, dy, sums: gradients[1] })
    functions.convFilterGradient(x, dy, gradients[0], at(count))
    if (dx !== 0) functions.convInputGradient(dy, addressOf(backend, kernel), dx, at(count))
  }
  return {
    forward(count) {
      const start = bias == null ? 0 : addressOf(backend, bias)
      functions.convForward(x, addressOf(backend, kernel), start, y, relu ? RELU : 0, at(count))
    },
    backward,
    descend(count, rate) {
      backward(count)
      functions.sgd(kernel.size, addressOf(backend, kernel), gradients[0], rate)
      if (bias != null) functions.sgd(channels, addressOf(backend, bias), gradients[1], rate)
    }
  }
}

function poolStage(
  { window }: PoolLayer,
  { x, y, dy, dx }: Places,
  { pack: { functions } }: Workshop
): Stage {
  const { size, strides, input, output } = window
  const { padInfo } = geometryOf(window)
  const moves = [...size, ...strides, padInfo.top, padInfo.left] as const
  const backward = (count: number): void => {
    if (dx !== 0) functions.maxPoolGradient(x, dy, dx, count, ...input, output[0], output[1], ...moves)
  }
  return {
    forward(count) {
      functions.maxPool(x, y, count, ...input, output[0], output[1], ...moves)
    },
    backward,
    descend: backward
  }
}

/** Of one example. */
function geometryOf({ input, output, size, strides, padding }: Window): Geometry {
  const filterShape: Geometry['filterShape'] = [...size, input[2], output[2]]
  const info = backend_util.computeConv2DInfo([1, ...input], filterShape, [...strides], 1, padding)
  return { ...info, filterShape }
}
