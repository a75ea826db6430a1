/** Random shares of a whole: gamma and Dirichlet draws. */
import { integerBelow, normal, uniform } from '../random.ts'
import type { Random } from '../random.ts'

/** Shares of `count` parties that sum to 1, Dirichlet(α, …, α). */
export function dirichlet(alpha: number, count: number, random: Random): number[] {
  const draws = Array.from({ length: count }, () => gamma(alpha, random))
  const sum = draws.reduce((a, b) => a + b, 0)
  // Tiny α can underflow every draw; then, as in the limit, one party gets all.
  if (sum === 0) draws[integerBelow(random, count)] = 1
  return draws.map((draw) => draw / (sum || 1))
}

/**
 * A Gamma(shape, 1) draw.
 *
 * @see Marsaglia, Tsang 2000, "A simple method for generating gamma variables"; shape < 1 by Γ(a) = Γ(a+1)·U^(1/a)
 */
export function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * Math.pow(openUniform(random), 1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(openUniform(random)) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

function openUniform(random: Random): number {
  return uniform(random) + 2 ** -25
}
