/** Layers that join several inputs. */
import { z } from 'zod'
import { layerType, sizeOf, weightless } from './common.ts'
import type { LayerType, Shape } from './common.ts'

const describe = (shapes: Shape[]): string => shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ')

/** Inputs of one shape, combined value by value. */
export const elementwiseMerge: LayerType = layerType(z.object({}), (_, inputs) => {
  const isEqual = inputs.every((shape) => shape.join() === inputs[0].join())
  if (inputs.length < 2 || !isEqual)
    throw new Error(`inputs ${describe(inputs)}, expected two or more of one shape`)
  return weightless(inputs[0])
})

/** Inputs that differ only in their last axis, put side by side along it. */
export const concatenate: LayerType = layerType(
  z.object({ axis: z.int().default(-1) }),
  ({ axis }, inputs) => {
    const rank = inputs[0].length
    if (axis !== -1 && axis !== rank) throw new Error(`joins axis ${axis}, expected the last (-1)`)
    const isFitting = inputs.every((shape) => shape.slice(0, -1).join() === inputs[0].slice(0, -1).join())
    if (inputs.length < 2 || !isFitting) {
      throw new Error(`inputs ${describe(inputs)}, expected two or more that differ only in the last axis`)
    }
    return weightless([...inputs[0].slice(0, -1), inputs.reduce((sum, shape) => sum + shape[rank - 1], 0)])
  }
)

/** 1 or 2: the batch is axis 0, and is never summed over. */
const summedAxis = z.int().min(1).max(2)

/**
 * Products of two inputs, summed over one axis of each: attention is made of it. Keras counts the batch as axis 0. [m, k]
 * and [k, n] by axes [2, 1] → [m, n]; [m, k] and [n, k] by 2 → [m, n]; [k] and [k] by 1 → [1].
 */
export const dot: LayerType = layerType(
  z.object({
    axes: z.union([
      summedAxis.transform((axis): [number, number] => [axis, axis]),
      z.tuple([summedAxis, summedAxis])
    ]),
    normalize: z.literal(false).nullish()
  }),
  ({ axes }, inputs) => {
    const sizes = inputs.map((shape, i) => shape[axes[i] - 1])
    const isFitting = inputs.length === 2 && inputs.every((shape) => shape.length <= 2)
    if (!isFitting || sizes[0] == null || sizes[0] !== sizes[1]) {
      const expected = `two of at most two axes, of one size along axes ${axes.join(' and ')}`
      throw new Error(`inputs ${describe(inputs)}, expected ${expected}`)
    }
    const kept = inputs.flatMap((shape, i) => shape.filter((_, axis) => axis !== axes[i] - 1))
    const output = kept.length === 0 ? [1] : kept
    return weightless(output, sizeOf(output) * sizes[0])
  }
)
