/** The gradient of 2-D max pooling. The stock kernel searches, for each input, all windows that hold it. */
import { backend_util } from '@tensorflow/tfjs-core'
import { floatsOf } from './heap.ts'
import type { KernelOverride, WasmKernel } from './heap.ts'

interface Attrs {
  filterSize: [number, number] | number
  strides: [number, number] | number
  pad: 'valid' | 'same' | number
  dimRoundingMode: 'floor' | 'round' | 'ceil'
}

/** dy [batch, oh, ow, c], input [batch, h, w, c] → [batch, h, w, c]: all of dy goes to its window's first maximum. */
export const maxPoolGradient: KernelOverride = { name: 'MaxPoolGrad', make: () => toFirstMaximum }

const toFirstMaximum: WasmKernel = ({ inputs: { dy, input }, attrs, backend }) => {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as Attrs
  const shape = input.shape as [number, number, number, number]
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode)
  const dx = backend.makeOutput(input.shape, 'float32')
  const [x, slopes, result] = [floatsOf(backend, input), floatsOf(backend, dy), floatsOf(backend, dx)]
  result.fill(0)
  let at = 0
  for (let b = 0; b < info.batchSize; b++) {
    for (let oy = 0; oy < info.outHeight; oy++) {
      for (let ox = 0; ox < info.outWidth; ox++, at += info.inChannels) {
        spread(x, { slopes, result, at, window: windowAt(info, b, oy, ox) })
      }
    }
  }
  return dx
}

/** The pixels under one output position, as flat indices of their first channel. */
interface Window {
  /** Of the top left pixel. */
  first: number
  rows: number
  columns: number
  /** Values from one pixel to the next, and from one row to the next. */
  pixel: number
  row: number
}

function windowAt(info: backend_util.Conv2DInfo, batch: number, oy: number, ox: number): Window {
  const y = oy * info.strideHeight - info.padInfo.top
  const x = ox * info.strideWidth - info.padInfo.left
  const [top, left] = [Math.max(0, y), Math.max(0, x)]
  return {
    first: ((batch * info.inHeight + top) * info.inWidth + left) * info.inChannels,
    rows: Math.min(info.inHeight, y + info.filterHeight) - top,
    columns: Math.min(info.inWidth, x + info.filterWidth) - left,
    pixel: info.inChannels,
    row: info.inWidth * info.inChannels
  }
}

function spread(
  x: Float32Array,
  to: { slopes: Float32Array; result: Float32Array; at: number; window: Window }
): void {
  const { first, rows, columns, pixel, row } = to.window
  for (let c = 0; c < pixel; c++) {
    let best = first + c
    for (let i = 0; i < rows; i++) {
      for (let j = 0, k = first + c + i * row; j < columns; j++, k += pixel) if (x[k] > x[best]) best = k
    }
    to.result[best] += to.slopes[to.at + c]
  }
}
