/**
 * 2-D convolutions and their gradients with respect to input and filter, the latter missing in the stock backend. Many
 * channels of stride 1 go by fewer products (assembly/winograd.ts), where NaN or an infinity may reach up to three pixels further.
 */
import { backend_util } from '@tensorflow/tfjs-core'
import { addressOf, sizeOf } from './heap.ts'
import { RELU } from './pack/flags.ts'
import type { KernelCall, KernelOverride } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { TensorInfo } from '@tensorflow/tfjs-core'

type Shape4 = [number, number, number, number]

interface Attrs {
  strides: [number, number] | number
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding
  dimRoundingMode: 'floor' | 'round' | 'ceil'
  dataFormat?: 'NHWC' | 'NCHW'
  /** tfjs-layers may leave it out. */
  dilations?: [number, number] | number | null
  activation?: string
  inputShape?: Shape4
  filterShape?: Shape4
}

/** x [batch, h, w, in], filter [kh, kw, in, out] → [batch, oh, ow, out]. */
export const conv2d: KernelOverride = { name: 'Conv2D', make: forward }

/** As `conv2d`, then + bias [out] and an activation. */
export const fusedConv2d: KernelOverride = { name: 'FusedConv2D', make: forward }

/** dy [batch, oh, ow, out], filter [kh, kw, in, out] → [batch, h, w, in]. */
export const convInputGradient: KernelOverride = {
  name: 'Conv2DBackpropInput',
  make: (_, pack) => (call) => {
    const { dy, filter } = call.inputs
    const info = infoOf(call.attrs as Attrs, (call.attrs as Attrs).inputShape!, filter.shape)
    const dx = call.backend.makeOutput(info.inShape, 'float32')
    const [from, by, to] = [dy, filter, dx].map((tensor) => addressOf(call.backend, tensor))
    pack.functions.convInputGradient(from, by, to, prepared(pack, info))
    return dx
  }
}

/** x [batch, h, w, in], dy [batch, oh, ow, out] → [kh, kw, in, out]. */
export const convFilterGradient: KernelOverride = {
  name: 'Conv2DBackpropFilter',
  make: (_, pack) => (call) => {
    const { x, dy } = call.inputs
    const info = infoOf(call.attrs as Attrs, x.shape, (call.attrs as Attrs).filterShape!)
    const dFilter = call.backend.makeOutput(info.filterShape, 'float32')
    const [from, by, to] = [x, dy, dFilter].map((tensor) => addressOf(call.backend, tensor))
    pack.functions.convFilterGradient(from, by, to, prepared(pack, info))
    return dFilter
  }
}

function forward(stock: (call: KernelCall) => TensorInfo, pack: Pack): (call: KernelCall) => TensorInfo {
  return (call) => (isOurs(call) ? convolved(pack, call) : stock(call))
}

/** Dilated convolutions, and activations other than ReLU, are left to the stock kernel. */
function isOurs({ inputs, attrs }: KernelCall): boolean {
  const { activation = 'linear', dilations, dataFormat } = attrs as Attrs
  const isDense = [dilations ?? 1].flat().every((dilation) => dilation === 1) && dataFormat !== 'NCHW'
  const isBias = inputs['bias'] == null || sizeOf(inputs['bias'].shape) === inputs['filter'].shape[3]
  return isDense && isBias && (activation === 'linear' || activation === 'relu')
}

function convolved(pack: Pack, { inputs: { x, filter, bias }, attrs, backend }: KernelCall): TensorInfo {
  const info = infoOf(attrs as Attrs, x.shape, filter.shape)
  const out = backend.makeOutput(info.outShape, 'float32')
  const flags = (attrs as Attrs).activation === 'relu' ? RELU : 0
  const [from, by, to] = [x, filter, out].map((tensor) => addressOf(backend, tensor))
  const biasAt = bias == null ? 0 : addressOf(backend, bias)
  pack.functions.convForward(from, by, biasAt, to, flags, prepared(pack, info))
  return out
}

/** A convolution's sizes. */
export interface Geometry extends backend_util.Conv2DInfo {
  filterShape: Shape4
}

function infoOf(attrs: Attrs, input: readonly number[], filter: readonly number[]): Geometry {
  const { strides, pad, dataFormat, dimRoundingMode } = attrs
  if (dataFormat === 'NCHW') throw new Error('Convolution on NCHW data: expected channels last (NHWC)')
  const [inShape, filterShape] = [input as Shape4, filter as Shape4]
  const info = backend_util.computeConv2DInfo(inShape, filterShape, strides, 1, pad, dimRoundingMode)
  return { ...info, filterShape }
}

/** Tell the pack the geometry. @returns memory to work in */
export function prepared({ functions, scratch }: Pack, info: Geometry): number {
  const input = [info.batchSize, info.inHeight, info.inWidth, info.inChannels] as const
  const output = [info.outHeight, info.outWidth, info.outChannels] as const
  const filter = [info.filterHeight, info.filterWidth] as const
  const { strideHeight, strideWidth, padInfo } = info
  functions.convolution(...input, ...output, ...filter, strideHeight, strideWidth, padInfo.top, padInfo.left)
  return scratch(functions.convScratchBytes())
}
