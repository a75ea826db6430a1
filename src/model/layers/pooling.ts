/** Pooling, channels last. */
import { z } from 'zod'
import { dataFormatField, layerType, onlyInput, paddingField, sizeOf, sizes, weightless } from './common.ts'
import { windowed } from './convolution.ts'
import type { LayerType } from './common.ts'

function pooling(axes: 1 | 2): LayerType {
  const config = z.object({
    pool_size: sizes(axes, 2),
    strides: sizes(axes, 0),
    padding: paddingField,
    data_format: dataFormatField
  })
  return layerType(config, (c, inputs) => {
    const input = onlyInput(inputs, axes + 1)
    const strides = c.strides.map((stride, i) => stride || c.pool_size[i])
    const spatial = windowed(input, { size: c.pool_size, strides, padding: c.padding })
    const output = [...spatial, input[axes]]
    return weightless(output, sizeOf(output) * sizeOf(c.pool_size))
  })
}

/** [length, channels] → [length', channels]. */
export const pooling1d: LayerType = pooling(1)

/** [h, w, channels] → [h', w', channels]. */
export const pooling2d: LayerType = pooling(2)

const globalPooling = (axes: 1 | 2): LayerType =>
  layerType(z.object({ data_format: dataFormatField }), (_, inputs) => {
    const input = onlyInput(inputs, axes + 1)
    return weightless([input[axes]], sizeOf(input))
  })

/** [length, channels] → [channels]. */
export const globalPooling1d: LayerType = globalPooling(1)

/** [h, w, channels] → [channels]. */
export const globalPooling2d: LayerType = globalPooling(2)
