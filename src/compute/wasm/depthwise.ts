/** Gradients of depthwise convolutions, both missing in the stock backend; its forward pass is fast, and wrong at times. */
import { backend_util } from '@tensorflow/tfjs-core'
import { addressOf } from './heap.ts'
import type { KernelCall, KernelOverride } from './heap.ts'

type Shape4 = [number, number, number, number]

interface Attrs {
  strides: [number, number] | number
  /** tfjs-layers leaves it out. */
  dilations: [number, number] | number | null
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding
  dimRoundingMode: 'floor' | 'round' | 'ceil'
  inputShape?: Shape4
  filterShape?: Shape4
}

/** x [batch, h, w, c], dy [batch, oh, ow, c·m] → [kh, kw, c, m]. */
export const depthwiseFilterGradient: KernelOverride = {
  name: 'DepthwiseConv2dNativeBackpropFilter',
  make:
    (_, { functions }) =>
    ({ inputs: { x, dy }, attrs, backend }) => {
      const { filterShape } = attrs as Attrs
      const geometry = geometryOf(attrs as Attrs, x.shape, filterShape!)
      const dFilter = backend.makeOutput(filterShape!, 'float32')
      const [from, by, to] = [x, dy, dFilter].map((tensor) => addressOf(backend, tensor))
      functions.depthwiseFilterGradient(from, by, to, ...geometry)
      return dFilter
    }
}

/** dy [batch, oh, ow, c·m], filter [kh, kw, c, m] → [batch, h, w, c]. */
export const depthwiseInputGradient: KernelOverride = {
  name: 'DepthwiseConv2dNativeBackpropInput',
  make:
    (_, { functions }) =>
    ({ inputs: { dy, filter }, attrs, backend }: KernelCall) => {
      const { inputShape } = attrs as Attrs
      const geometry = geometryOf(attrs as Attrs, inputShape!, filter.shape)
      const dx = backend.makeOutput(inputShape!, 'float32')
      const [to, by, weights] = [dx, dy, filter].map((tensor) => addressOf(backend, tensor))
      functions.depthwiseInputGradient(to, by, weights, ...geometry)
      return dx
    }
}

/**
 * The stock kernel with its padding in numbers: told 'same', XNNPACK computes it anew, wrongly where a window is smaller
 * than its stride.
 */
export const depthwise: KernelOverride = {
  name: 'DepthwiseConv2dNative',
  make: (stock) => (call) => {
    const { pad, ...attrs } = call.attrs as Attrs
    if (pad !== 'same') return stock(call)
    const { padInfo } = infoOf({ ...attrs, pad }, call.inputs['x'].shape, call.inputs['filter'].shape)
    const [height, width] = [
      [padInfo.top, padInfo.bottom],
      [padInfo.left, padInfo.right]
    ] as [number, number][]
    const explicit: backend_util.ExplicitPadding = [[0, 0], height, width, [0, 0]]
    return stock({ ...call, attrs: { ...attrs, pad: explicit } })
  }
}

/** Batch, image, output, multiplier, window: as the pack takes them. */
type Geometry = [...Shape4, ...Shape4, number, ...Shape4, ...[top: number, left: number]]

function geometryOf(attrs: Attrs, input: readonly number[], filter: readonly number[]): Geometry {
  const [shape, window] = [input as Shape4, filter as Shape4]
  const info = infoOf(attrs, shape, window)
  const { outHeight, outWidth, filterHeight, filterWidth, padInfo } = info
  const steps: Shape4 = [info.strideHeight, info.strideWidth, info.dilationHeight, info.dilationWidth]
  const output: Shape4 = [outHeight, outWidth, window[3], filterHeight]
  return [...shape, ...output, filterWidth, ...steps, padInfo.top, padInfo.left]
}

function infoOf(
  { strides, dilations, pad, dimRoundingMode }: Attrs,
  input: readonly number[],
  filter: readonly number[]
): backend_util.Conv2DInfo {
  const [shape, window] = [input as Shape4, filter as Shape4]
  return backend_util.computeConv2DInfo(shape, window, strides, dilations ?? 1, pad, dimRoundingMode, true)
}
