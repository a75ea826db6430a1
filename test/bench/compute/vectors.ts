/** Gigabytes of input a second of the kernels over flat vectors, beside plain loops and a plain copy. */
import { plainWeightedSum } from '../../../src/aggregation/sum.ts'
import { vectorKernels } from '../../../src/compute/vectors/index.ts'

const TURNS = 9
/** 24 MB each: beyond every cache. */
const LENGTH = 6_000_000
const MEDIAN_LENGTH = 1_000_000
const MEDIAN_COUNT = 9

/** One line each: weighted sum of 8, median of 9, copy. The best of some turns; the contenders take them in turn. */
export function vectorLines(): string[] {
  const kernels = vectorKernels()
  if (kernels == null) return ['flat vectors: no SIMD here']
  const vectors = Array.from({ length: MEDIAN_COUNT }, (_, k) =>
    Float32Array.from({ length: LENGTH }, (_, i) => ((i * (k + 3)) % 1009) - 500)
  )
  const [eight, weights, out] = [
    vectors.slice(0, 8),
    new Array<number>(8).fill(1 / 8),
    new Float32Array(LENGTH)
  ]
  const short = vectors.map((vector) => vector.subarray(0, MEDIAN_LENGTH))
  const median = out.subarray(0, MEDIAN_LENGTH)
  const contenders: [string, number, () => void][] = [
    ['weighted sum of 8 × 6 M, plain', 8 * LENGTH, () => plainWeightedSum(eight, weights, out)],
    ['weighted sum of 8 × 6 M, kernel', 8 * LENGTH, () => kernels.weightedSum(eight, weights, out)],
    ['median of 9 × 1 M, plain', 9 * MEDIAN_LENGTH, () => plainMedian(short, median)],
    ['median of 9 × 1 M, kernel', 9 * MEDIAN_LENGTH, () => kernels.median(short, median)],
    ['memory copy', LENGTH, () => out.set(vectors[0])]
  ]
  const best = contenders.map(() => 0)
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, [, values, work]] of contenders.entries()) {
      const startedAt = performance.now()
      work()
      best[i] = Math.max(best[i], (4 * values) / (performance.now() - startedAt) / 1e6)
    }
  }
  return contenders.map(([name], i) => `${name.padEnd(34)} ${best[i].toFixed(2)} GB/s`)
}

/** By sorting, one coordinate after the other. */
function plainMedian(vectors: readonly Float32Array[], out: Float32Array): void {
  const column = new Float32Array(vectors.length)
  for (let i = 0; i < out.length; i++) {
    for (let k = 0; k < column.length; k++) column[k] = vectors[k][i]
    out[i] = column.sort()[column.length >> 1]
  }
}
