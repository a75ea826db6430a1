/** Deltas to aggregate in tests. */
import { normal, seededRandom } from '../../src/random.ts'
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

export function aggregationOf(learningRate = 1): Manifest['aggregation'] {
  return {
    rule: { name: 'mean' },
    serverOptimizer: { name: 'sgd', learningRate },
    maxSamples: 1000,
    maxNorm: 1000
  }
}
