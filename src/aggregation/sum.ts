/** Sums of deltas, each times a number: float64, added in the order of the deltas, rounded once. */
import { vectorKernels } from '../compute/vectors/index.ts'

/** Coordinates summed at a time: 32 KiB of sums stay in the processor's first cache while all deltas pass. */
const BLOCK = 4096
/** Deltas that one pass over the sums adds, one after the other: fewer passes, the same order of arithmetic. */
const LANES = 4

/** out = Σ shares[k] · deltas[k]. A share of 0 leaves its delta out. */
export function weightedSum(
  deltas: readonly Float32Array[],
  shares: readonly number[],
  out: Float32Array
): void {
  const counted = [...deltas.keys()].filter((k) => shares[k] !== 0)
  const [vectors, factors] = [counted.map((k) => deltas[k]), counted.map((k) => shares[k])]
  const kernels = vectorKernels()
  if (kernels == null) plainWeightedSum(vectors, factors, out)
  else kernels.weightedSum(vectors, factors, out)
}

/** The same bits without WebAssembly's SIMD: the reference. */
export function plainWeightedSum(
  deltas: readonly Float32Array[],
  factors: readonly number[],
  out: Float32Array
): void {
  const sums = new Float64Array(Math.min(BLOCK, out.length))
  for (let start = 0; start < out.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, out.length)
    const block = deltas.map((delta) => delta.subarray(start, end))
    out.set(addAll(block, factors, sums.subarray(0, end - start)), start)
  }
}

/** sums = Σ factors[k] · deltas[k], added in the order of k whatever the lanes. */
function addAll(
  deltas: readonly Float32Array[],
  factors: readonly number[],
  sums: Float64Array
): Float64Array {
  sums.fill(0)
  let k = 0
  for (; k + LANES <= deltas.length; k += LANES) {
    addFour(sums, deltas.slice(k, k + LANES), factors.slice(k, k + LANES))
  }
  for (; k < deltas.length; k++) addScaled(sums, deltas[k], factors[k])
  return sums
}

function addFour(sums: Float64Array, deltas: readonly Float32Array[], factors: readonly number[]): void {
  const [a, b, c, d] = deltas
  const [u, v, w, x] = factors
  for (let i = 0; i < sums.length; i++) {
    sums[i] = sums[i] + u * a[i] + v * b[i] + w * c[i] + x * d[i]
  }
}

function addScaled(sums: Float64Array, delta: Float32Array, factor: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += factor * delta[i]
}
