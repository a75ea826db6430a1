/**
 * Nearest-neighbour mixing (Allouah et al. 2023, "Fixing by Mixing", Algorithm 2): in place of each delta the mean of its
 * n − f nearest, itself among them. Makes simple rules optimal on data that differ between members. Cost n²·d / 2, and
 * n²·d more before a rule that goes coordinate by coordinate.
 */
import { nearest } from '../distances.ts'
import { indices, meanShares } from '../shares.ts'
import type { Preparation } from '../rule.ts'

/** @param f - members that may lie */
export function nnm(f: number): Preparation {
  return {
    name: 'nnm',
    minDeltas: 2 * f + 1,
    needsDistances: true,
    countAfter: (count) => count,
    mix(distances) {
      const { count } = distances
      const all = indices(count)
      return all.map((i) => meanShares(count, nearest(distances, i, { among: all, count: count - f })))
    }
  }
}
