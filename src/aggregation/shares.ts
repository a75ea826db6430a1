/** Which deltas count, and by which shares. */

/** 0 to `count` − 1. */
export function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** The shares by which a sum is the mean of these of `count` deltas. */
export function meanShares(count: number, chosen: Iterable<number>): number[] {
  const those = new Set(chosen)
  return indices(count).map((i) => (those.has(i) ? 1 / those.size : 0))
}
