/**
 * The covariance-bound agnostic filter (Allouah et al. 2025, "Towards Trustworthy Federated Learning with Untrusted
 * Participants", Algorithm 2): while the weights sum to more than n − 2f, take the weighted mean, and the direction in which
 * the deltas are spread most; weigh each down by how far out it is there. Of all these means the one with the least spread.
 * Withstands f of n ≥ 2f + 1. The direction is found among the deltas themselves, by the matrix of their inner products:
 * cost n²·d / 2, and n² for each step of at most n times the power method.
 */
import type { Distances } from '../distances.ts'
import type { AggregationRule } from '../rule.ts'

/** What differs by less in how far out it is is equally far: two that send the same go together. */
const ROUNDING = 1e-9
/** Steps of the power method at most, and the change from which on it goes on. */
const MAX_STEPS = 2000
const ENOUGH = 1e-14

/** @param f - members that may lie */
export function caf(f: number): AggregationRule {
  return {
    name: 'caf',
    minDeltas: 2 * f + 1,
    bySamples: false,
    needsDistances: true,
    plan: ({ distances }) => ({ shares: filter(distances, f) })
  }
}

function filter(distances: Distances, f: number): number[] {
  const { count } = distances
  let weights = new Array<number>(count).fill(1)
  let best = { spread: Infinity, shares: weights.map(() => 1 / count) }
  for (let total = count; total > count - 2 * f; total = sumOf(weights)) {
    const shares = weights.map((weight) => weight / total)
    const { spread, squares } = widest(centred(distances, shares), shares)
    if (spread < best.spread) best = { spread, shares }
    // Of those that still count, or one far out that counts no more would keep all others as they are for ever.
    const most = Math.max(...squares.filter((_, i) => weights[i] > 0))
    if (!(most > 0)) break
    weights = weights.map((weight, i) =>
      squares[i] < most * (1 - ROUNDING) ? weight * (1 - squares[i] / most) : 0
    )
  }
  return best.shares
}

/** Inner products of the deltas, each less their mean by these shares. */
function centred(distances: Distances, shares: readonly number[]): number[][] {
  const reach = shares.map((_, i) => sumOf(shares.map((share, j) => share * distances.squared(i, j))))
  const spread = sumOf(shares.map((share, i) => share * reach[i]))
  return reach.map((own, i) => reach.map((other, j) => (own + other - distances.squared(i, j) - spread) / 2))
}

/** The largest eigenvalue of the covariance, and how far out each delta is along its eigenvector, squared (up to a factor). */
function widest(products: number[][], shares: readonly number[]): { spread: number; squares: number[] } {
  const roots = shares.map(Math.sqrt)
  const times = (vector: readonly number[]): number[] =>
    products.map((row, i) => roots[i] * sumOf(row.map((product, j) => product * roots[j] * vector[j])))
  const energies = products.map((row, i) => row[i] * shares[i])
  const start = energies.indexOf(Math.max(...energies))
  let vector = normed(times(roots.map((_, i) => (i === start ? 1 : 0))))
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = normed(times(vector))
    const change = sumOf(next.map((value, i) => (value - vector[i]) ** 2))
    vector = next
    if (change < ENOUGH * ENOUGH) break
  }
  const image = times(vector)
  const along = products.map((row) => sumOf(row.map((product, j) => product * roots[j] * vector[j])))
  return {
    spread: sumOf(image.map((value, i) => value * vector[i])),
    squares: along.map((value) => value * value)
  }
}

function normed(vector: number[]): number[] {
  const norm = Math.sqrt(sumOf(vector.map((value) => value * value)))
  return norm === 0 ? vector : vector.map((value) => value / norm)
}

function sumOf(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}
