/** Preparations and rule as one: what is to be done with the stretches of the deltas as they came. */
import { Distances, distancesAfter } from './distances.ts'
import { preparationOf, ruleOf } from './method.ts'
import { weightedSum } from './sum.ts'
import type { AggregationSpec } from '../federation/manifest/schema.ts'
import type { Combine, Preparation } from './rule.ts'

type Rows = readonly (readonly number[])[]

export interface PlanInput {
  weights: readonly number[]
  /** Of the deltas as they came; null where nothing needs them. */
  distances: Distances | null
  /** Of the round. */
  seed: Uint8Array
}

/** Must whole vectors be looked at before they are combined? */
export function needsDistances({ rule, before = [] }: AggregationSpec): boolean {
  return ruleOf(rule).needsDistances || before.some((spec) => preparationOf(spec).needsDistances)
}

export function planOf({ rule: spec, before = [] }: AggregationSpec, input: PlanInput): Combine {
  const prepared = prepare(before.map(preparationOf), input)
  const plan = ruleOf(spec).plan(prepared)
  const { rows } = prepared
  if ('combine' in plan) return rows == null ? plan.combine : afterMixing(rows, plan.combine)
  const shares = rows == null ? plan.shares : product([plan.shares], rows)[0]
  return (deltas, out) => weightedSum(deltas, shares, out)
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
