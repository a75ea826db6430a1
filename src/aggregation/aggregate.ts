/** Updates → one delta → the next model, a stretch of coordinates at a time. */
import { Distances } from './distances.ts'
import { serverOptimizer } from './method.ts'
import { needsDistances, planOf } from './plan.ts'
import type { VectorReader } from '../codecs/index.ts'
import type { AggregationSpec } from '../federation/manifest/schema.ts'
import type { VectorPart } from '../vectors.ts'

export interface WeightedDelta {
  /** The share of this delta; all shares sum to 1. */
  weight: number
  read: VectorReader
}

export interface AggregationInput {
  aggregation: AggregationSpec
  /** The global model that the deltas are relative to. */
  model: Float32Array
  /** In the order of the arithmetic: by author id. */
  deltas: readonly WeightedDelta[]
  /** Coordinates worked on at a time; does not change the result. */
  stretch: number
  /** The part of the model that is wanted; default: all of it. A rule that looks at whole vectors has none. */
  part?: VectorPart
  /** Of the round: what all members know alike and nobody knew before its base was committed, e.g. that commit's hash. */
  seed: Uint8Array
}

/**
 * The next global model, or the part of it that is asked for. Memory beyond it: one stretch of every delta, and a number
 * for each two of them.
 */
export async function aggregate(input: AggregationInput, signal?: AbortSignal): Promise<Float32Array> {
  const { aggregation, model, deltas, seed } = input
  const part = partOf(input)
  if (deltas.length === 0) return model.slice(part.from, part.to)
  const optimizer = serverOptimizer(aggregation.serverOptimizer)
  const weights = deltas.map((delta) => delta.weight)
  const distances = needsDistances(aggregation) ? await measure(input, signal) : null
  const combine = planOf(aggregation, { weights, distances, seed })
  const next = new Float32Array(part.to - part.from)
  const combined = new Float32Array(Math.min(input.stretch, next.length))
  for await (const { start, end, stretches } of stretchesOf(input, signal)) {
    const delta = combined.subarray(0, end - start)
    combine(stretches, delta)
    optimizer.apply(model.subarray(start, end), delta, next.subarray(start - part.from, end - part.from))
  }
  return next
}

function partOf({ model, part }: AggregationInput): VectorPart {
  return part ?? { from: 0, to: model.length }
}

/** The same of deltas that are in memory as a whole. */
export function aggregateInMemory(
  input: Pick<AggregationInput, 'aggregation' | 'model' | 'seed'> & {
    deltas: readonly { weight: number; delta: Float32Array }[]
  }
): Float32Array {
  const { aggregation, model, seed } = input
  if (input.deltas.length === 0) return model.slice()
  const deltas = input.deltas.map(({ delta }) => delta)
  const weights = input.deltas.map(({ weight }) => weight)
  const distances = needsDistances(aggregation) ? new Distances(deltas.length) : null
  distances?.add(deltas)
  const [combined, next] = [new Float32Array(model.length), new Float32Array(model.length)]
  planOf(aggregation, { weights, distances, seed })(deltas, combined)
  serverOptimizer(aggregation.serverOptimizer).apply(model, combined, next)
  return next
}

async function measure(input: AggregationInput, signal?: AbortSignal): Promise<Distances> {
  const distances = new Distances(input.deltas.length)
  for await (const { stretches } of stretchesOf(input, signal)) distances.add(stretches)
  return distances
}

interface Stretch {
  start: number
  end: number
  /** Of each delta; valid until the next one is asked for. */
  stretches: Float32Array[]
}

async function* stretchesOf(input: AggregationInput, signal?: AbortSignal): AsyncGenerator<Stretch> {
  const { deltas, stretch } = input
  const { from, to } = partOf(input)
  for (let start = from; start < to; start += stretch) {
    signal?.throwIfAborted()
    const end = Math.min(start + stretch, to)
    yield { start, end, stretches: await Promise.all(deltas.map((delta) => delta.read(start, end - start))) }
  }
}
