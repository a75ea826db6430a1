/**
 * The geometric median, argmin over z of Σ ‖xᵢ − z‖, by the smoothed Weiszfeld algorithm (Pillutla et al. 2022, "Robust
 * Aggregation for Federated Learning", Algorithm 2): from z = 0 on, z ← Σ βᵢ xᵢ / Σ βᵢ with βᵢ = 1 / max(ν, ‖xᵢ − z‖).
 * Breakdown point 1/2. Every z is a mixture of the deltas, so distances suffice: cost n²·d / 2 once, n² an iteration.
 */
import { squaredToMixture } from '../distances.ts'
import type { Distances } from '../distances.ts'
import type { AggregationRule } from '../rule.ts'

export interface GeometricMedianOptions {
  iterations: number
  /** ν: closer than this counts as this close. In units of the deltas. */
  smoothing: number
}

export function geometricMedian(options: GeometricMedianOptions): AggregationRule {
  return {
    name: 'geometricMedian',
    minDeltas: 1,
    bySamples: false,
    needsDistances: true,
    plan: ({ distances }) => ({ shares: weiszfeld(distances, options) })
  }
}

function weiszfeld(distances: Distances, { iterations, smoothing }: GeometricMedianOptions): number[] {
  let shares = new Array<number>(distances.count).fill(0)
  for (let t = 0; t < iterations; t++) {
    const squared = squaredToMixture(distances, shares)
    const betas = shares.map((_, i) => 1 / Math.max(smoothing, Math.sqrt(squared(i))))
    const sum = betas.reduce((total, beta) => total + beta, 0)
    shares = betas.map((beta) => beta / sum)
  }
  return shares
}
