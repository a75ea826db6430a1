/**
 * Krum (Blanchard et al. 2017, "Machine Learning with Adversaries"): the delta whose n − f − 2 nearest others are the
 * closest to it, by the sum of squared distances; of equal ones the first. Withstands f of n ≥ 2f + 3. Cost n²·d / 2.
 */
import { krumScores, smallest } from '../krum-scores.ts'
import { meanShares } from '../shares.ts'
import type { AggregationRule } from '../rule.ts'

/** @param f - members that may lie */
export function krum(f: number): AggregationRule {
  return {
    name: 'krum',
    minDeltas: 2 * f + 3,
    bySamples: false,
    needsDistances: true,
    plan: ({ distances }) => ({
      shares: meanShares(distances.count, smallest(krumScores(distances, f), 1))
    })
  }
}
