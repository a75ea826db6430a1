/** Layers that join several inputs. */
import { z } from 'zod'
import { layerType, weightless } from './common.ts'
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
