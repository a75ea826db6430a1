/** The weighted mean: FedAvg (McMahan et al. 2017, Algorithm 1). Breakdown point 0: one bad update moves it anywhere. */
import type { AggregationRule } from '../rule.ts'

export const mean: AggregationRule = {
  name: 'mean',
  combine(deltas, weights, out) {
    const sums = new Float64Array(out.length)
    for (let k = 0; k < deltas.length; k++) addScaled(sums, deltas[k], weights[k])
    out.set(sums)
  }
}

function addScaled(sums: Float64Array, delta: Float32Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += weight * delta[i]
}
