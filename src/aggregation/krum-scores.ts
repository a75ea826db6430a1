/** What Krum and the rules made of it share. */
import { nearest } from './distances.ts'
import { indices } from './shares.ts'
import type { Distances } from './distances.ts'

/**
 * For each of the deltas `among` (default: all), the sum of the squared distances to the n − f − 2 of the others that are
 * nearest to it, but to one at least.
 */
export function krumScores(distances: Distances, f: number, among = indices(distances.count)): number[] {
  const count = Math.min(among.length - 1, Math.max(1, among.length - f - 2))
  return among.map((i) => {
    const [, ...others] = nearest(distances, i, { among, count: count + 1 })
    return others.reduce((sum, j) => sum + distances.squared(i, j), 0)
  })
}

/** The places of the `count` smallest values, of equal ones the first. */
export function smallest(values: readonly number[], count: number): number[] {
  return [...values.keys()].sort((a, b) => values[a] - values[b] || a - b).slice(0, count)
}
