/**
 * Minimum diameter averaging (Rousseeuw 1985; El Mhamdi et al. 2018): the mean of those n − f deltas whose largest distance
 * from each other is the least; of several such sets the one whose members come first. Withstands f of n ≥ 2f + 1.
 *
 * There are too many sets to try. But n − f deltas have a diameter of at most t exactly if f others cover all pairs that
 * are farther apart than t: the least t is found by bisection, each cover by branching on an uncovered pair (2ᶠ branches,
 * Downey & Fellows 1995). Cost n²·d / 2, and 2ᶠ·n²·log n: f is small.
 */
import { meanShares } from '../shares.ts'
import type { Distances } from '../distances.ts'
import type { AggregationRule } from '../rule.ts'

/** @param f - members that may lie */
export function mda(f: number): AggregationRule {
  return {
    name: 'mda',
    minDeltas: 2 * f + 1,
    bySamples: false,
    needsDistances: true,
    plan: ({ distances }) => ({ shares: meanShares(distances.count, smallestSet(distances, f)) })
  }
}

function smallestSet(distances: Distances, f: number): number[] {
  const { count } = distances
  const pairs: Pair[] = []
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) pairs.push({ i, j, squared: distances.squared(i, j) })
  }
  const diameters = [0, ...pairs.map(({ squared }) => squared)].sort((a, b) => a - b)
  let [low, high] = [0, diameters.length - 1]
  while (low < high) {
    const half = (low + high) >> 1
    const isPossible = canCover(apart(pairs, diameters[half]), new Set(), f)
    if (isPossible) high = half
    else low = half + 1
  }
  return firstSet(apart(pairs, diameters[low]), count, f)
}

interface Pair {
  i: number
  j: number
  squared: number
}

function apart(pairs: readonly Pair[], diameter: number): Pair[] {
  return pairs.filter(({ squared }) => squared > diameter)
}

/** Can `left` more points, with those left out already, be left out so that no pair remains? */
function canCover(
  pairs: readonly Pair[],
  out: ReadonlySet<number>,
  left: number,
  kept = new Set<number>()
): boolean {
  const open = pairs.filter(({ i, j }) => !out.has(i) && !out.has(j))
  if (open.length === 0) return true
  if (left === 0) return false
  const { i, j } = open[0]
  return [i, j].some((point) => !kept.has(point) && canCover(open, new Set([...out, point]), left - 1, kept))
}

/** Of `count` points all but f, without a pair: the first in lexicographic order. */
function firstSet(pairs: readonly Pair[], count: number, f: number): number[] {
  const kept = new Set<number>()
  let out = new Set<number>()
  for (let point = 0; point < count && kept.size < count - f; point++) {
    const rivals = pairs.flatMap(({ i, j }) => (i === point ? [j] : j === point ? [i] : []))
    const without = new Set([...out, ...rivals])
    const isFree = !out.has(point) && without.size <= f && !rivals.some((rival) => kept.has(rival))
    if (isFree && canCover(pairs, without, f - without.size, new Set([...kept, point]))) {
      kept.add(point)
      out = without
    } else out.add(point)
  }
  return [...kept]
}
