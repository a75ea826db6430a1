/**
 * Bulyan (El Mhamdi et al. 2018, "The Hidden Vulnerability of Distributed Learning in Byzantium"): Krum, over and over, each
 * time without those chosen before, chooses θ = n − 2f deltas; of these, in each coordinate, the mean of the θ − 2f values
 * closest to their median. Withstands f of n ≥ 4f + 3, in every coordinate. Cost n²·d / 2 + n·log(n)·d, and n³.
 */
import { eachColumn, meanAroundMedian } from '../columns.ts'
import { krumScores, smallest } from '../krum-scores.ts'
import { indices } from '../shares.ts'
import type { Distances } from '../distances.ts'
import type { AggregationRule } from '../rule.ts'

/** @param f - members that may lie */
export function bulyan(f: number): AggregationRule {
  return {
    name: 'bulyan',
    minDeltas: 4 * f + 3,
    bySamples: false,
    needsDistances: true,
    plan({ distances }) {
      const chosen = choose(distances, f)
      const count = chosen.length - 2 * f
      return {
        combine(deltas, out) {
          const those = chosen.map((k) => deltas[k])
          eachColumn(those, out, (column) => meanAroundMedian(column, count))
        }
      }
    }
  }
}

function choose(distances: Distances, f: number): number[] {
  const left = indices(distances.count)
  const chosen: number[] = []
  while (chosen.length < distances.count - 2 * f) {
    const [best] = smallest(krumScores(distances, f, left), 1)
    chosen.push(...left.splice(best, 1))
  }
  return chosen.sort((a, b) => a - b)
}
