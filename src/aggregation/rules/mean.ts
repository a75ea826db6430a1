/**
 * The weighted mean: FedAvg (McMahan et al. 2017, Algorithm 1), Σ nₖ / n · xₖ. Breakdown point 0: one bad update moves it
 * anywhere. Cost n·d.
 */
import type { AggregationRule } from '../rule.ts'

export const mean: AggregationRule = {
  name: 'mean',
  minDeltas: 1,
  bySamples: true,
  needsDistances: false,
  plan: ({ weights }) => ({ shares: weights })
}
