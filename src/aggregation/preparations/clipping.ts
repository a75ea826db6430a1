/** Static clipping: what is longer than a bound is shortened to it, x · min(1, c / ‖x‖). Cost n·d. */
import type { Preparation } from '../rule.ts'

/** @param norm - the bound, in units of the deltas */
export function clipping(norm: number): Preparation {
  return {
    name: 'clipping',
    minDeltas: 1,
    needsDistances: true,
    countAfter: (count) => count,
    mix: (distances) => scaled(distances.count, (i) => clippedTo(norm, distances.norm(i)))
  }
}

/** The factor that makes a vector no longer than `bound`. */
export function clippedTo(bound: number, norm: number): number {
  return norm > bound ? bound / norm : 1
}

/** Every delta by itself, times a factor. */
export function scaled(count: number, factor: (i: number) => number): number[][] {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (_, j) => (i === j ? factor(i) : 0))
  )
}
