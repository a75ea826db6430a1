/**
 * Centered clipping (Karimireddy et al. 2021, "Learning from History for Byzantine Robust Optimization", Algorithm 2): from
 * v = 0 on, which is the model before, v ← v + 1/n · Σ (xᵢ − v) · min(1, τ / ‖xᵢ − v‖). Each member moves the result by at
 * most τ/n a step. (The paper starts from the result of the round before, which a commit does not name.) Every v is a mixture
 * of the deltas: cost n²·d / 2 once, n² a step.
 */
import { squaredToMixture } from '../distances.ts'
import type { Distances } from '../distances.ts'
import type { AggregationRule } from '../rule.ts'

export interface CenteredClippingOptions {
  /** τ: in units of the deltas. */
  radius: number
  iterations: number
}

export function centeredClipping(options: CenteredClippingOptions): AggregationRule {
  return {
    name: 'centeredClipping',
    minDeltas: 1,
    bySamples: false,
    needsDistances: true,
    plan: ({ distances }) => ({ shares: clip(distances, options) })
  }
}

function clip(distances: Distances, { radius, iterations }: CenteredClippingOptions): number[] {
  const { count } = distances
  let shares = new Array<number>(count).fill(0)
  for (let t = 0; t < iterations; t++) {
    const squared = squaredToMixture(distances, shares)
    const factors = shares.map((_, i) => Math.min(1, radius / Math.sqrt(squared(i))) / count)
    const moved = factors.reduce((sum, factor) => sum + factor, 0)
    shares = shares.map((share, i) => share * (1 - moved) + factors[i])
  }
  return shares
}
