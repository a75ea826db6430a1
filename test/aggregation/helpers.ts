/** Deltas to aggregate in tests. */
import { Alignment, Distances } from '../../src/aggregation/index.ts'
import { weightedSum } from '../../src/aggregation/sum.ts'
import { normal, seededRandom } from '../../src/random.ts'
import type { AggregationRule, Combine } from '../../src/aggregation/index.ts'
import type { VectorReader } from '../../src/codecs/index.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'

/** A seeded vector of float32 values around 0. */
export function randomDelta(length: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length }, () => normal(random))
}

/** Reads a vector that is in memory, into a buffer that each call uses again, as the contract allows. */
export function readerOf(values: Float32Array): VectorReader {
  const buffer = new Float32Array(values.length)
  return async (start, count) => {
    buffer.fill(Number.NaN)
    buffer.set(values.subarray(start, start + count))
    return buffer.subarray(0, count)
  }
}

/** The distances of these deltas. */
export function distancesOf(deltas: readonly Float32Array[]): Distances {
  const distances = new Distances(deltas.length)
  distances.add(deltas)
  return distances
}

/** How these deltas lie to one of them. */
export function alignmentOf(deltas: readonly Float32Array[], root: number): Alignment {
  const alignment = new Alignment(deltas.length, root)
  alignment.add(deltas)
  return alignment
}

/** A rule that has looked at these deltas; equal weights unless there are others, and the first is the root's. */
export function planned(
  rule: AggregationRule,
  deltas: readonly Float32Array[],
  {
    weights = deltas.map(() => 1 / deltas.length),
    root = 0
  }: { weights?: readonly number[] | undefined; root?: number } = {}
): Combine {
  const distances = rule.needsDistances ? distancesOf(deltas) : new Distances(deltas.length)
  const alignment = rule.needsRoot === true ? alignmentOf(deltas, root) : null
  const plan = rule.plan({ weights, distances, alignment })
  return 'combine' in plan ? plan.combine : (stretches, out) => weightedSum(stretches, plan.shares, out)
}

export function aggregationOf(learningRate = 1): Manifest['aggregation'] {
  return {
    rule: { name: 'mean' },
    serverOptimizer: { name: 'sgd', learningRate },
    maxSamples: 1000,
    maxNorm: 1000
  }
}
