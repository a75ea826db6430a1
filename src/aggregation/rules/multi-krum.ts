/**
 * Multi-Krum (Blanchard et al. 2017, section 4): the mean of the n − f deltas with the best scores of Krum. Slower to be
 * led astray by one draw than Krum, faster to converge. Withstands f of n ≥ 2f + 3. Cost n²·d / 2.
 */
import { krumScores, smallest } from '../krum-scores.ts'
import { meanShares } from '../shares.ts'
import type { AggregationRule } from '../rule.ts'

/** @param f - members that may lie */
export function multiKrum(f: number): AggregationRule {
  return {
    name: 'multiKrum',
    minDeltas: 2 * f + 3,
    bySamples: false,
    needsDistances: true,
    plan: ({ distances }) => ({
      shares: meanShares(distances.count, smallest(krumScores(distances, f), distances.count - f))
    })
  }
}
