/** One flat Float32Array for all weights of a model, and where in it each weight lies. */
import { WeightsLengthError } from './errors.ts'
import { sizeOf } from './layers/common.ts'
import type { LayerWeight, Shape } from './layers/common.ts'
import type { ModelPlan } from './topology/plan.ts'

/** One weight's place. Offset and size count values, not bytes. */
export interface LayoutEntry {
  /** `layer/weight`, e.g. 'hidden_1/kernel'. */
  name: string
  shape: Shape
  offset: number
  size: number
  /** How it starts, and whether the optimizer moves it. */
  weight: LayerWeight
}

/**
 * Trained weights of all layers in the topology's order, then those that are not trained (moving statistics, frozen
 * layers). For a chain of layers this is the order of TensorFlow.js' `model.getWeights()`.
 */
export interface Layout {
  entries: LayoutEntry[]
  /** Length of the flat vector. */
  size: number
}

/** Those that the optimizer moves: the first ones. */
export const trainedEntries = ({ entries }: Layout): LayoutEntry[] =>
  entries.filter(({ weight }) => weight.trainable)

/** Place a planned model's weights one after another. */
export function layoutOf(plan: ModelPlan): Layout {
  const weights = plan.topology.layers.flatMap((layer) =>
    (plan.weights.get(layer.name) ?? []).map((weight) => ({ name: `${layer.name}/${weight.name}`, weight }))
  )
  const ordered = [
    ...weights.filter((w) => w.weight.trainable),
    ...weights.filter((w) => !w.weight.trainable)
  ]
  let offset = 0
  const entries = ordered.map(({ name, weight }) => {
    const size = sizeOf(weight.shape)
    const entry = { name, shape: weight.shape, offset, size, weight }
    offset += size
    return entry
  })
  return { entries, size: offset }
}

/** The part of a flat vector that one weight takes: a view. */
export function partOf(flat: Float32Array, entry: LayoutEntry): Float32Array {
  return flat.subarray(entry.offset, entry.offset + entry.size)
}

/** @throws {WeightsLengthError} the vector is of another length */
export function checkLength(flat: Float32Array, layout: Layout): void {
  if (flat.length !== layout.size) throw new WeightsLengthError(flat.length, layout.size)
}
