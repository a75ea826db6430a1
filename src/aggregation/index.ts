/** Aggregation: updates → one delta → the next model, a stretch of coordinates at a time. */
export { aggregate, aggregateInMemory, combinedDelta, moveBy } from './aggregate.ts'
export { controlStep, keepsControls, spanOf } from './controls.ts'
export { Alignment } from './alignment.ts'
export { Distances } from './distances.ts'
export { momentsIn } from './moments.ts'
export { deltaFactors } from './nova.ts'
export {
  countsSamples,
  preparationOf,
  rootAmong,
  rootOf,
  ruleOf,
  serverOptimizer,
  shortageOf,
  vectorsBeside
} from './method.ts'
export { contributionWeights, checkDelta, updateShares } from './weights.ts'
export type { Aggregate, AggregationInput, WeightedDelta } from './aggregate.ts'
export type { Claim } from './nova.ts'
export type { ControlInput, ControlStep } from './controls.ts'
export type { Shortage } from './method.ts'
export type {
  AggregationRule,
  Cohort,
  Combine,
  OptimizerStep,
  Plan,
  Preparation,
  ServerOptimizer
} from './rule.ts'
