/** The weighted mean: FedAvg (McMahan et al. 2017, Algorithm 1). Breakdown point 0: one bad update moves it anywhere. */
import { vectorKernels } from '../../compute/vectors/index.ts'
import type { AggregationRule } from '../rule.ts'

/** Coordinates summed at a time: 32 KiB of sums stay in the processor's first cache while all deltas pass. */
const BLOCK = 4096
/** Deltas that one pass over the sums adds, one after the other: fewer passes, the same order of arithmetic. */
const LANES = 4

export const mean: AggregationRule = {
  name: 'mean',
  combine(deltas, weights, out) {
    const kernels = vectorKernels()
    if (kernels == null) plainMean(deltas, weights, out)
    else kernels.weightedSum(deltas, weights, out)
  }
}

/** The same bits without WebAssembly's SIMD: the reference. */
export function plainMean(
  deltas: readonly Float32Array[],
  weights: readonly number[],
  out: Float32Array
): void {
  const sums = new Float64Array(Math.min(BLOCK, out.length))
  for (let start = 0; start < out.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, out.length)
    const block = deltas.map((delta) => delta.subarray(start, end))
    out.set(weightedSums(block, weights, sums.subarray(0, end - start)), start)
  }
}

/** sums = Σ weights[k] · deltas[k], added in the order of k whatever the lanes. */
function weightedSums(
  deltas: readonly Float32Array[],
  weights: readonly number[],
  sums: Float64Array
): Float64Array {
  sums.fill(0)
  let k = 0
  for (; k + LANES <= deltas.length; k += LANES) {
    addFour(sums, deltas.slice(k, k + LANES), weights.slice(k, k + LANES))
  }
  for (; k < deltas.length; k++) addScaled(sums, deltas[k], weights[k])
  return sums
}

function addFour(sums: Float64Array, deltas: readonly Float32Array[], weights: readonly number[]): void {
  const [a, b, c, d] = deltas
  const [u, v, w, x] = weights
  for (let i = 0; i < sums.length; i++) {
    sums[i] = sums[i] + u * a[i] + v * b[i] + w * c[i] + x * d[i]
  }
}

function addScaled(sums: Float64Array, delta: Float32Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += weight * delta[i]
}
