/**
 * Nearest-neighbour mixing (Allouah et al. 2023, "Fixing by Mixing", Algorithm 2): in place of each delta the mean of its
 * n − f nearest, itself among them. Makes simple rules optimal on data that differ between members. Cost n²·d / 2, and
 * n²·d more before a rule that goes coordinate by coordinate.
 */
import { nearest } from '../distances.ts'
import type { Preparation } from '../rule.ts'

/** @param f - members that may lie */
export function nnm(f: number): Preparation {
  return {
    name: 'nnm',
    minDeltas: 2 * f + 1,
    needsDistances: true,
    countAfter: (count) => count,
    mix(distances) {
      const all = Array.from({ length: distances.count }, (_, i) => i)
      return all.map((i) => {
        const near = new Set(nearest(distances, i, { among: all, count: distances.count - f }))
        return all.map((j) => (near.has(j) ? 1 / near.size : 0))
      })
    }
  }
}
