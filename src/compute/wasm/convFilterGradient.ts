/**
 * The gradient of a 2-D convolution with respect to its filter, which the stock wasm backend lacks.
 *
 * Patches of x become rows (im2col), a bounded number of examples at a time, and one matrix product does the rest:
 * dFilterᵀ [out, kh·kw·in] = dyᵀ [out, positions] · patches [positions, kh·kw·in]
 */
import { backend_util } from '@tensorflow/tfjs-core'
import { callKernel, floatsOf, reshaped, sizeOf, transposed } from './heap.ts'
import type { KernelOverride, WasmBackend, WasmKernel } from './heap.ts'
import type { TensorInfo } from '@tensorflow/tfjs-core'

type ConvInfo = backend_util.Conv2DInfo

interface Attrs {
  strides: [number, number] | number
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding
  dataFormat: 'NHWC' | 'NCHW'
  dimRoundingMode: 'floor' | 'round' | 'ceil'
  filterShape: [number, number, number, number]
}

/** Patches held at once: 4 Mi values are 16 MiB. */
const MAX_PATCH_VALUES = 4 * 1024 * 1024

/** x [batch, h, w, in], dy [batch, oh, ow, out] → [kh, kw, in, out]. */
export const convFilterGradient: KernelOverride = {
  name: 'Conv2DBackpropFilter',
  make: () => filterGradient
}

const filterGradient: WasmKernel = ({ inputs: { x, dy }, attrs, backend }) => {
  const info = convInfoOf(x, attrs as Attrs)
  const patchSize = info.filterHeight * info.filterWidth * info.inChannels
  const total = backend.makeOutput([info.outChannels, patchSize], 'float32')
  floatsOf(backend, total).fill(0)
  const perExample = info.outHeight * info.outWidth * patchSize
  const chunk = Math.max(1, Math.floor(MAX_PATCH_VALUES / perExample))
  for (let first = 0; first < info.batchSize; first += chunk) {
    const count = Math.min(chunk, info.batchSize - first)
    addChunk(backend, total, { x, dy, info, first, count })
  }
  const gradient = transposed(backend, reshaped(total, [1, info.outChannels, patchSize]))
  backend.disposeData(total.dataId)
  return reshaped(gradient, info.filterShape)
}

function convInfoOf(x: TensorInfo, attrs: Attrs): ConvInfo {
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs
  if (dataFormat !== 'NHWC')
    throw new Error(`Convolution on ${dataFormat} data: expected channels last (NHWC)`)
  const shape = x.shape as [number, number, number, number]
  return backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode, false)
}

interface Chunk {
  x: TensorInfo
  dy: TensorInfo
  info: ConvInfo
  first: number
  count: number
}

function addChunk(backend: WasmBackend, total: TensorInfo, chunk: Chunk): void {
  const { info, count } = chunk
  const positions = count * info.outHeight * info.outWidth
  const patchSize = sizeOf(total.shape) / info.outChannels
  const patches = backend.makeOutput([1, positions, patchSize], 'float32')
  const dyT = backend.makeOutput([1, info.outChannels, positions], 'float32')
  gatherPatches(floatsOf(backend, chunk.x), floatsOf(backend, patches), chunk)
  const dyFirst = chunk.first * info.outHeight * info.outWidth * info.outChannels
  const dy = floatsOf(backend, chunk.dy).subarray(dyFirst, dyFirst + positions * info.outChannels)
  transposeInto(dy, floatsOf(backend, dyT), info.outChannels)
  const attrs = { transposeA: false, transposeB: false }
  const part = callKernel('BatchMatMul', { inputs: { a: dyT, b: patches }, attrs, backend })
  addInto(floatsOf(backend, total), floatsOf(backend, part))
  for (const used of [patches, dyT, part]) backend.disposeData(used.dataId)
}

/** rows × columns → columns × rows. */
function transposeInto(from: Float32Array, to: Float32Array, columns: number): void {
  const rows = from.length / columns
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j]
  }
}

function addInto(sum: Float32Array, part: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += part[i]
}

/** One row of kh·kw·in values for each output position; zero where the filter overhangs the image. */
function gatherPatches(x: Float32Array, patches: Float32Array, { info, first, count }: Chunk): void {
  const run = info.filterWidth * info.inChannels
  let at = 0
  for (let b = first; b < first + count; b++) {
    for (let oy = 0; oy < info.outHeight; oy++) {
      for (let ox = 0; ox < info.outWidth; ox++) {
        for (let ky = 0; ky < info.filterHeight; ky++) {
          const y = oy * info.strideHeight + ky - info.padInfo.top
          if (y < 0 || y >= info.inHeight) patches.fill(0, at, at + run)
          else copyRun(x, patches, { info, at, row: (b * info.inHeight + y) * info.inWidth, ox })
          at += run
        }
      }
    }
  }
}

/** The filter's width of pixels of one image row, all channels. */
function copyRun(
  x: Float32Array,
  patches: Float32Array,
  place: { info: ConvInfo; at: number; row: number; ox: number }
): void {
  const { info, at, row, ox } = place
  const channels = info.inChannels
  const left = ox * info.strideWidth - info.padInfo.left
  const start = Math.max(0, -left)
  const end = Math.max(start, Math.min(info.filterWidth, info.inWidth - left))
  for (let i = 0; i < start * channels; i++) patches[at + i] = 0
  const source = (row + left) * channels
  for (let i = start * channels; i < end * channels; i++) patches[at + i] = x[source + i]
  for (let i = end * channels; i < info.filterWidth * channels; i++) patches[at + i] = 0
}
