/** A small sister of a model, with the same layers but few units: cheap enough to be computed on a slow reference. */
import { planModel } from './plan.ts'
import type { ModelPlan } from './plan.ts'
import type { Topology, TopologyLayer } from './types.ts'

/** Units, filters and vector widths of the sister. */
const MOST_UNITS = 8
/** Different tokens of the sister. */
const MOST_TOKENS = 64

/**
 * The narrowed model, or the model itself where narrowing breaks it (a Reshape that counts on its widths).
 * Its output keeps the model's shape.
 */
export function narrowed(plan: ModelPlan): ModelPlan {
  const { topology } = plan
  const layers = topology.layers.map((layer) => (layer.name === topology.output ? layer : narrowLayer(layer)))
  const narrow: Topology = { ...topology, layers }
  try {
    const sister = planModel(narrow)
    return sister.output.join() === plan.output.join() ? sister : plan
  } catch {
    return plan
  }
}

function narrowLayer(layer: TopologyLayer): TopologyLayer {
  const config = { ...layer.config }
  for (const option of ['units', 'filters', 'output_dim']) narrowOption(config, option, MOST_UNITS)
  if (layer.className === 'Embedding') narrowOption(config, 'input_dim', MOST_TOKENS)
  return { ...layer, config }
}

function narrowOption(config: Record<string, unknown>, option: string, most: number): void {
  const value = config[option]
  if (typeof value === 'number') config[option] = Math.min(value, most)
}
