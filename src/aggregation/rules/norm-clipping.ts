/**
 * The weighted mean of clipped deltas (Sun et al. 2019, "Can You Really Backdoor Federated Learning?"): what is longer than
 * the bound is shortened to it. No breakdown point of its own; a member moves the model by at most its share of the bound.
 * Cost n·d twice.
 */
import { clippedTo } from '../preparations/clipping.ts'
import type { AggregationRule } from '../rule.ts'

/** @param norm - the bound, in units of the deltas */
export function normClipping(norm: number): AggregationRule {
  return {
    name: 'normClipping',
    minDeltas: 1,
    bySamples: true,
    needsDistances: true,
    plan: ({ weights, distances }) => ({
      shares: weights.map((weight, i) => weight * clippedTo(norm, distances.norm(i)))
    })
  }
}
