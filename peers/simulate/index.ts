/** Simulations: many clients that really train, and nothing between them but the aggregation of real peers. */
export { InvalidPlanError } from './plan/errors.ts'
export { parsePlan } from './plan/parse.ts'
export { simulate } from './simulate.ts'
export type { Variant } from './plan/parse.ts'
export type { Plan } from './plan/schema.ts'
export type { SimulateInit, SimulationProgress, SimulationResult } from './simulate.ts'
export type { VariantSummary } from './output/summary.ts'
