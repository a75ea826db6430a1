/** How much of a model is not trained. */
import { layoutOf } from './layout.ts'
import { planFor } from './task.ts'
import type { ModelManifest } from './task.ts'

const counts = new WeakMap<ModelManifest, number>()

/**
 * How many of a model's values, the last ones, no gradient moves: moving statistics of batch normalisation, frozen layers.
 * They are averaged and no more: an optimizer may take a variance below zero.
 */
export function untrainedValues(manifest: ModelManifest): number {
  const known = counts.get(manifest) ?? count(manifest)
  counts.set(manifest, known)
  return known
}

function count(manifest: ModelManifest): number {
  // All of a preset is trained.
  if ('preset' in manifest.model.architecture) return 0
  const { entries } = layoutOf(planFor(manifest))
  return entries.reduce((sum, { weight, size }) => (weight.trainable ? sum : sum + size), 0)
}
