/**
 * Values that stay with each member: the layers of batch normalisation, scale, shift and moving statistics (FedBN: Li et al.
 * 2021, arXiv 2102.07623). The committed model has at their places what it began with; each member puts its own there, and
 * sends zeros.
 */
import { layoutOf } from './layout.ts'
import { planFor } from './task.ts'
import type { VectorPart } from '../vectors.ts'
import type { ModelManifest } from './task.ts'

const known = new WeakMap<ModelManifest, readonly VectorPart[]>()

/** Where in the vector the values are that stay with each member; none unless the manifest says so. */
export function localParts(manifest: ModelManifest): readonly VectorPart[] {
  const parts = known.get(manifest) ?? find(manifest)
  known.set(manifest, parts)
  return parts
}

function find(manifest: ModelManifest): VectorPart[] {
  if (manifest.training.local == null) return []
  const plan = planFor(manifest)
  const layers = plan.topology.layers
    .filter(({ className }) => className === 'BatchNormalization')
    .map(({ name }) => `${name}/`)
  return layoutOf(plan)
    .entries.filter(({ name }) => layers.some((layer) => name.startsWith(layer)))
    .map(({ offset, size }) => ({ from: offset, to: offset + size }))
}

/** How many values there are in these parts. */
export function sizeOfParts(parts: readonly VectorPart[]): number {
  return parts.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** A model with a member's own values in place; the model itself where there are none. */
export function withLocal(
  weights: Float32Array,
  parts: readonly VectorPart[],
  values: Float32Array | null
): Float32Array {
  if (values == null || parts.length === 0) return weights
  const own = Float32Array.from(weights)
  let at = 0
  for (const { from, to } of parts) {
    own.set(values.subarray(at, at + to - from), from)
    at += to - from
  }
  return own
}

/** What training made of a member's own values. They are taken out of the delta: zeros are left there. */
export function takeLocal(
  delta: Float32Array,
  { trained, parts }: { trained: Float32Array; parts: readonly VectorPart[] }
): Float32Array {
  const values = new Float32Array(sizeOfParts(parts))
  let at = 0
  for (const { from, to } of parts) {
    for (let i = from; i < to; i++) values[at++] = trained[i] + delta[i]
    delta.fill(0, from, to)
  }
  return values
}
