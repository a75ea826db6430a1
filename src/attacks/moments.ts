/** Mean and deviation of the honest deltas, coordinate by coordinate: what most attacks start from. */

/** Of each coordinate. */
export interface Moments {
  mean: Float64Array
  /** The square root of the mean squared distance from the mean. */
  deviation: Float64Array
}

/** The mean of some deltas of one length. */
export function meanOf(deltas: readonly Float32Array[]): Float64Array {
  const mean = new Float64Array(deltas[0]?.length ?? 0)
  for (const delta of deltas) for (let i = 0; i < mean.length; i++) mean[i] += delta[i]
  for (let i = 0; i < mean.length; i++) mean[i] /= deltas.length
  return mean
}

/** Mean and deviation of some deltas of one length. */
export function momentsOf(deltas: readonly Float32Array[]): Moments {
  const mean = meanOf(deltas)
  const deviation = new Float64Array(mean.length)
  for (const delta of deltas) for (let i = 0; i < mean.length; i++) deviation[i] += (delta[i] - mean[i]) ** 2
  for (let i = 0; i < mean.length; i++) deviation[i] = Math.sqrt(deviation[i] / deltas.length)
  return { mean, deviation }
}

/** mean + factor · direction, rounded once. */
export function moved(mean: Float64Array, direction: Float64Array, factor: number): Float32Array {
  const out = new Float32Array(mean.length)
  for (let i = 0; i < out.length; i++) out[i] = mean[i] + factor * direction[i]
  return out
}

/** factor · values, rounded once. */
export function scaled(values: Float64Array, factor: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = factor * values[i]
  return out
}
