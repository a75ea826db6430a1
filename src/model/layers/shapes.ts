/** Layers that only move values: input, flatten, reshape, permute, zero padding. */
import { z } from 'zod'
import { dataFormatField, layerType, onlyInput, size, sizeOf, weightless } from './common.ts'
import type { LayerType } from './common.ts'

/** The input's shape is given with it (`batch_input_shape`), see topology.ts. */
export const inputLayer: LayerType = layerType(
  z.object({ sparse: z.literal(false).nullish(), ragged: z.literal(false).nullish() }),
  (_, inputs) => weightless(onlyInput(inputs), 0)
)

export const flatten: LayerType = layerType(z.object({ data_format: dataFormatField }), (_, inputs) =>
  weightless([sizeOf(onlyInput(inputs))], 0)
)

/** At most one −1 in `target_shape`: what is left over. */
export const reshape: LayerType = layerType(
  z.object({
    target_shape: z
      .array(z.union([size, z.literal(-1)]))
      .min(1)
      .max(4)
  }),
  ({ target_shape: target }, inputs) => {
    const total = sizeOf(onlyInput(inputs))
    const known = sizeOf(target.filter((n) => n > 0))
    const output = target.map((n) => (n > 0 ? n : total / known))
    if (
      sizeOf(output) !== total ||
      target.filter((n) => n < 0).length > 1 ||
      !output.every(Number.isInteger)
    ) {
      throw new Error(`${total} values cannot take the shape [${target.join(', ')}]`)
    }
    return weightless(output, 0)
  }
)

/** `dims` counts from 1, without the batch axis. */
export const permute: LayerType = layerType(
  z.object({ dims: z.array(z.int().min(1)).min(1).max(4) }),
  (c, inputs) => {
    const input = onlyInput(inputs, c.dims.length)
    if ([...c.dims].sort().some((axis, i) => axis !== i + 1)) {
      throw new Error(`dims [${c.dims.join(', ')}], expected each of 1 … ${input.length} once`)
    }
    return weightless(c.dims.map((axis) => input[axis - 1]))
  }
)

const extent = z.int().min(0).max(1024)
const extents = z.union([
  extent.transform((n) => [n, n]),
  z.array(extent).length(2),
  z.array(z.array(extent).length(2)).length(2)
])

/** [h, w, channels], padded by a number, by [h, w], or by [[top, bottom], [left, right]]. */
export const zeroPadding2d: LayerType = layerType(
  z.object({ padding: extents.default([1, 1]), data_format: dataFormatField }),
  ({ padding }, inputs) => {
    const [height, width, channels] = onlyInput(inputs, 3)
    const [rows, columns] = padding.map((n) => (Array.isArray(n) ? n[0] + n[1] : 2 * n))
    return weightless([height + rows, width + columns, channels])
  }
)
