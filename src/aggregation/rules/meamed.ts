/**
 * Mean around the median (Xie et al. 2018, "Generalized Byzantine-tolerant SGD"): in each coordinate the mean of the n − f
 * values that are closest to the median. Withstands f of n ≥ 2f + 1. Cost n·log(n)·d.
 */
import { eachColumn, meanAroundMedian } from '../columns.ts'
import type { AggregationRule } from '../rule.ts'

/** @param f - members that may lie */
export function meamed(f: number): AggregationRule {
  return {
    name: 'meamed',
    minDeltas: 2 * f + 1,
    bySamples: false,
    needsDistances: false,
    plan: () => ({
      combine: (deltas, out) =>
        eachColumn(deltas, out, (column) => meanAroundMedian(column, column.length - f))
    })
  }
}
