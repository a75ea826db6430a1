/** What an aggregation rule is: many deltas in, one out. */

/**
 * Combines deltas coordinate by coordinate. Every peer must get the same bits: fixed order (the caller sorts by author
 * id), arithmetic in float64 with + − × ÷ √ only, one rounding to float32 at the end.
 */
export interface AggregationRule {
  readonly name: string
  /**
   * @param deltas - one stretch of every update's delta, equal lengths
   * @param weights - one per delta, summing to 1
   * @param out - receives the combined stretch
   */
  combine(deltas: readonly Float32Array[], weights: readonly number[], out: Float32Array): void
}

/** Moves the global model by the combined delta (Reddi et al. 2021, "Adaptive Federated Optimization"). */
export interface ServerOptimizer {
  readonly name: string
  /** out = the model moved by the delta; all are one stretch of the same length. */
  apply(model: Float32Array, delta: Float32Array, out: Float32Array): void
}
