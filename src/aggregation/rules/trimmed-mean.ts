/**
 * The coordinate-wise trimmed mean (Yin et al. 2018, Definition 2): in each coordinate the mean of the values without the
 * f least and the f largest. Withstands f of n ≥ 2f + 1: breakdown point 1/2 where f is as large as that allows. Cost
 * n·log(n)·d.
 */
import { eachColumn, meanOf } from '../columns.ts'
import type { AggregationRule } from '../rule.ts'

/** @param f - members that may lie */
export function trimmedMean(f: number): AggregationRule {
  return {
    name: 'trimmedMean',
    minDeltas: 2 * f + 1,
    bySamples: false,
    needsDistances: false,
    plan: () => ({
      combine: (deltas, out) => eachColumn(deltas, out, (column) => meanOf(column, f, column.length - f))
    })
  }
}
