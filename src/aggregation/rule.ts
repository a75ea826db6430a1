/** What an aggregation rule is: many deltas in, one out. */
import type { Alignment } from './alignment.ts'
import type { Distances } from './distances.ts'

/** What a rule is told of the deltas before it sees a coordinate. */
export interface Cohort {
  /** One share per delta, summing to 1; all alike for rules that do not go by samples. */
  weights: readonly number[]
  /** Of whole vectors; for rules with `needsDistances` alone. */
  distances: Distances
  /** For rules with `needsRoot` alone: how the deltas lie to the root's; null or absent where it is not among them. */
  alignment?: Alignment | null
}

/**
 * Combines a stretch: `deltas` has one stretch of every delta, all as long as `out`, which receives the result. Not
 * called for stretches of different coordinates in any order but the ascending one.
 */
export type Combine = (deltas: readonly Float32Array[], out: Float32Array) => void

/** How the deltas become one: their sum by these shares, or something else, coordinate by coordinate. */
export type Plan = Shares | { combine: Combine }

export interface Shares {
  shares: readonly number[]
  /**
   * The shares of values that are averaged and no more (a variance must not fall below zero), which sum to 1 at most. Default:
   * the same.
   */
  averaged?: readonly number[]
}

/**
 * Every peer must get the same bits: fixed order (the caller sorts by author id), arithmetic in float64 with + − × ÷ √
 * only, one rounding to float32 at the end. A rule that needs to know whole vectors is told their distances, which takes a
 * pass over all deltas of its own; never more than a stretch of each is in memory.
 */
export interface AggregationRule {
  readonly name: string
  /** It works with so many deltas or more, and keeps its promise then. */
  readonly minDeltas: number
  /** Members count by their samples, as they claim them. A rule against liars lets all count alike. */
  readonly bySamples: boolean
  readonly needsDistances: boolean
  /** It trusts one member, the root, and is told how all deltas lie to that one's. Default: it trusts nobody. */
  readonly needsRoot?: true
  plan(cohort: Cohort): Plan
}

/** What is done to the deltas before the rule gets them. */
export interface Preparation {
  readonly name: string
  readonly minDeltas: number
  readonly needsDistances: boolean
  /** How many deltas there are afterwards. */
  countAfter(count: number): number
  /**
   * One row per delta that there is afterwards, with the coefficients of the deltas before: each is a sum of those.
   *
   * @param seed - of the round: the same for all members, and not known before its base was committed
   */
  mix(distances: Distances, seed: Uint8Array): readonly (readonly number[])[]
}

/** Moves the global model by the combined delta (Reddi et al. 2021, "Adaptive Federated Optimization"). */
export interface ServerOptimizer {
  readonly name: string
  /** How many vectors it remembers from round to round, each as long as the model; all of them begin as zeros. */
  readonly moments: number
  /** Coordinate by coordinate: any stretch may be worked on by itself. */
  apply(step: OptimizerStep): void
}

/** One stretch of one round's step: all vectors are of the same coordinates. Arithmetic as that of rules. */
export interface OptimizerStep {
  /** From 1 on. */
  round: number
  model: Float32Array
  delta: Float32Array
  moments: readonly Float32Array[]
  /** Receives the moved model. */
  next: Float32Array
  /** Receive what is remembered for the next round. */
  nextMoments: readonly Float32Array[]
}
