/** Convolutions, channels last. */
import { z } from 'zod'
import {
  activationField,
  dataFormatField,
  initializerField,
  layerType,
  noDilation,
  onlyInput,
  paddingField,
  size,
  sizeOf,
  sizes,
  weight
} from './common.ts'
import type { LayerType, LayerWeight, Shape } from './common.ts'

const shared = {
  padding: paddingField,
  data_format: dataFormatField,
  dilation_rate: noDilation,
  groups: z.literal(1).nullish(),
  activation: activationField.default('linear'),
  use_bias: z.boolean().default(true),
  bias_initializer: initializerField('zeros')
}

/** The sizes that a sliding window leaves. */
export function windowed(
  input: Shape,
  window: { size: readonly number[]; strides: readonly number[]; padding: 'valid' | 'same' }
): number[] {
  return window.size.map((extent, i) => {
    const reach = window.padding === 'same' ? input[i] : input[i] - extent + 1
    if (reach < 1) throw new Error(`a window of ${extent} does not fit an axis of ${input[i]}`)
    return Math.ceil(reach / window.strides[i])
  })
}

const withBias = (
  config: { use_bias: boolean; bias_initializer: LayerWeight['initializer'] },
  channels: number,
  weights: LayerWeight[]
): LayerWeight[] =>
  config.use_bias ? [...weights, weight('bias', [channels], config.bias_initializer)] : weights

function convolution(axes: 1 | 2): LayerType {
  const config = z.object({
    ...shared,
    filters: size,
    kernel_size: sizes(axes, 1),
    strides: sizes(axes, 1),
    kernel_initializer: initializerField('glorotUniform')
  })
  return layerType(config, (c, inputs) => {
    const input = onlyInput(inputs, axes + 1)
    const channels = input[axes]
    const spatial = windowed(input, { size: c.kernel_size, strides: c.strides, padding: c.padding })
    const shape = [...c.kernel_size, channels, c.filters]
    return {
      output: [...spatial, c.filters],
      weights: withBias(c, c.filters, [weight('kernel', shape, c.kernel_initializer)]),
      operations: sizeOf(spatial) * sizeOf(shape)
    }
  })
}

/** [length, in] → [length', filters]. */
export const conv1d: LayerType = convolution(1)

/** [h, w, in] → [h', w', filters]. */
export const conv2d: LayerType = convolution(2)

const depthwise = {
  ...shared,
  kernel_size: sizes(2, 1),
  strides: sizes(2, 1),
  depth_multiplier: size.default(1),
  depthwise_initializer: initializerField('glorotUniform')
}

/** [h, w, in] → [h', w', in · depth_multiplier]. */
export const depthwiseConv2d: LayerType = layerType(z.object(depthwise), (c, inputs) => {
  const input = onlyInput(inputs, 3)
  const channels = input[2] * c.depth_multiplier
  const spatial = windowed(input, { size: c.kernel_size, strides: c.strides, padding: c.padding })
  const shape = [...c.kernel_size, input[2], c.depth_multiplier]
  return {
    output: [...spatial, channels],
    weights: withBias(c, channels, [weight('depthwise_kernel', shape, c.depthwise_initializer)]),
    operations: sizeOf(spatial) * sizeOf(shape)
  }
})

/** A depthwise convolution, then a 1×1 one: [h, w, in] → [h', w', filters]. */
export const separableConv2d: LayerType = layerType(
  z.object({ ...depthwise, filters: size, pointwise_initializer: initializerField('glorotUniform') }),
  (c, inputs) => {
    const input = onlyInput(inputs, 3)
    const channels = input[2] * c.depth_multiplier
    const spatial = windowed(input, { size: c.kernel_size, strides: c.strides, padding: c.padding })
    const shape = [...c.kernel_size, input[2], c.depth_multiplier]
    const kernels = [
      weight('depthwise_kernel', shape, c.depthwise_initializer),
      weight('pointwise_kernel', [1, 1, channels, c.filters], c.pointwise_initializer)
    ]
    return {
      output: [...spatial, c.filters],
      weights: withBias(c, c.filters, kernels),
      operations: sizeOf(spatial) * (sizeOf(shape) + channels * c.filters)
    }
  }
)
