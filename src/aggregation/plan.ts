/** Preparations and rule as one: what is to be done with the stretches of the deltas as they came. */
import { Distances, distancesAfter } from './distances.ts'
import { preparationOf, ruleOf } from './method.ts'
import { weightedSum } from './sum.ts'
import type { AggregationSpec } from '../federation/manifest/schema.ts'
import type { Alignment } from './alignment.ts'
import type { Combine, Plan, Preparation } from './rule.ts'

type Rows = readonly (readonly number[])[]

export interface PlanInput {
  weights: readonly number[]
  /** Of the deltas as they came; null where nothing needs them. */
  distances: Distances | null
  /** Of the deltas as they came; null where nothing needs it, or the root's is not among them. */
  alignment: Alignment | null
  /** Of the round. */
  seed: Uint8Array
}

/** What is to be done with a stretch of the deltas. */
export interface Reduction {
  combine: Combine
  /** The same of values that are averaged and no more. */
  average: Combine
}

/** Must all distances be known before deltas are combined? */
export function needsDistances({ rule, before = [] }: AggregationSpec): boolean {
  return ruleOf(rule).needsDistances || before.some((spec) => preparationOf(spec).needsDistances)
}

/** Does the rule go by how deltas lie to that of one member? */
export function needsRoot({ rule }: AggregationSpec): boolean {
  return ruleOf(rule).needsRoot === true
}

/** Must whole vectors be looked at before they are combined? */
export function needsWhole(aggregation: AggregationSpec): boolean {
  return needsDistances(aggregation) || needsRoot(aggregation)
}

export function planOf({ rule: spec, before = [] }: AggregationSpec, input: PlanInput): Reduction {
  const prepared = prepare(before.map(preparationOf), input)
  const { rows } = prepared
  // A mixture is nobody's delta: the root's is not among them any more.
  const plan = ruleOf(spec).plan({ ...prepared, alignment: rows == null ? input.alignment : null })
  const combine = combineBy(plan, rows)
  if ('shares' in plan && plan.averaged != null)
    return { combine, average: combineBy({ shares: plan.averaged }, rows) }
  return { combine, average: averaged(combine, input.weights) }
}

function combineBy(plan: Plan, rows: Rows | null): Combine {
  if ('combine' in plan) return rows == null ? plan.combine : afterMixing(rows, plan.combine)
  const shares = rows == null ? plan.shares : product([plan.shares], rows)[0]
  return (deltas, out) => weightedSum(deltas, shares, out)
}

/** FedNova's factors do not sum to 1, which an average's must. */
function averaged(combine: Combine, factors: readonly number[]): Combine {
  const total = factors.reduce((sum, factor) => sum + factor, 0)
  return (deltas, out) => {
    combine(deltas, out)
    for (let i = 0; i < out.length; i++) out[i] /= total
  }
}

interface Prepared {
  weights: readonly number[]
  distances: Distances
  /** The deltas that there are now, of those that came; null: they are the same. */
  rows: Rows | null
}

function prepare(steps: readonly Preparation[], { weights, distances, seed }: PlanInput): Prepared {
  let now: Prepared = { weights, distances: distances ?? new Distances(weights.length), rows: null }
  for (const step of steps) {
    const mixed = step.mix(now.distances, seed)
    now = {
      weights: mixed.map(() => 1 / mixed.length),
      distances: distances == null ? new Distances(mixed.length) : distancesAfter(now.distances, mixed),
      rows: now.rows == null ? mixed : product(mixed, now.rows)
    }
  }
  return now
}

function product(left: Rows, right: Rows): number[][] {
  return left.map((row) =>
    Array.from({ length: right[0]?.length ?? 0 }, (_, j) => {
      let sum = 0
      for (let i = 0; i < row.length; i++) sum += row[i] * right[i][j]
      return sum
    })
  )
}

/** Mixes a stretch of each delta, rounded to float32, and hands that on. */
function afterMixing(rows: Rows, combine: Combine): Combine {
  let mixed: Float32Array[] = []
  return (deltas, out) => {
    if (mixed[0]?.length !== out.length) mixed = rows.map(() => new Float32Array(out.length))
    rows.forEach((row, i) => weightedSum(deltas, row, mixed[i]))
    combine(mixed, out)
  }
}
