/** The gradient of 2-D max pooling. The stock kernel searches, for each input, all windows that hold it. */
import { backend_util } from '@tensorflow/tfjs-core'
import { addressOf } from './heap.ts'
import type { KernelOverride } from './heap.ts'

interface Attrs {
  filterSize: [number, number] | number
  strides: [number, number] | number
  pad: 'valid' | 'same' | number
  dimRoundingMode: 'floor' | 'round' | 'ceil'
}

/** dy [batch, oh, ow, c], input [batch, h, w, c] → [batch, h, w, c]: all of dy goes to its window's first maximum. */
export const maxPoolGradient: KernelOverride = {
  name: 'MaxPoolGrad',
  make:
    (_, { functions }) =>
    ({ inputs: { dy, input }, attrs, backend }) => {
      const { filterSize, strides, pad, dimRoundingMode } = attrs as Attrs
      const shape = input.shape as [number, number, number, number]
      const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode)
      const dx = backend.makeOutput(input.shape, 'float32')
      const [x, slopes, to] = [input, dy, dx].map((tensor) => addressOf(backend, tensor))
      const { outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info
      const window = [
        filterHeight,
        filterWidth,
        strideHeight,
        strideWidth,
        padInfo.top,
        padInfo.left
      ] as const
      functions.maxPoolGradient(x, slopes, to, ...shape, outHeight, outWidth, ...window)
      return dx
    }
}
