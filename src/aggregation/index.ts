/** Aggregation: updates → one delta → the next model, a stretch of coordinates at a time. */
import { mean } from './rules/mean.ts'
import { sgd } from './optimizers/sgd.ts'
import type { VectorReader } from '../codecs/index.ts'
import type { Manifest } from '../federation/manifest/schema.ts'
import type { AggregationRule, ServerOptimizer } from './rule.ts'

export { contributionWeights, checkDelta } from './weights.ts'
export type { AggregationRule, ServerOptimizer } from './rule.ts'

export const rules: Record<Manifest['aggregation']['rule']['name'], AggregationRule> = { mean }

/** The server optimizer that a manifest names. */
export function serverOptimizer(spec: Manifest['aggregation']['serverOptimizer']): ServerOptimizer {
  return sgd(spec.learningRate)
}

export interface WeightedDelta {
  /** The share of this delta; all shares sum to 1. */
  weight: number
  read: VectorReader
}

export interface AggregationInput {
  aggregation: Manifest['aggregation']
  /** The global model that the deltas are relative to. */
  model: Float32Array
  /** In the order of the arithmetic: by author id. */
  deltas: readonly WeightedDelta[]
  /** Coordinates worked on at a time; does not change the result. */
  stretch: number
}

/** The next global model. Memory beyond it: one stretch of every delta. */
export async function aggregate(input: AggregationInput, signal?: AbortSignal): Promise<Float32Array> {
  const rule = rules[input.aggregation.rule.name]
  const optimizer = serverOptimizer(input.aggregation.serverOptimizer)
  const weights = input.deltas.map((delta) => delta.weight)
  const next = new Float32Array(input.model.length)
  const combined = new Float32Array(Math.min(input.stretch, next.length))
  for (let start = 0; start < next.length; start += input.stretch) {
    signal?.throwIfAborted()
    const end = Math.min(start + input.stretch, next.length)
    const stretches = await Promise.all(input.deltas.map((delta) => delta.read(start, end - start)))
    const delta = combined.subarray(0, end - start)
    rule.combine(stretches, weights, delta)
    optimizer.apply(input.model.subarray(start, end), delta, next.subarray(start, end))
  }
  return next
}
