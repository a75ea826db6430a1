/**
 * Min-max (Shejwalkar, Houmansadr 2021, "Manipulating the Byzantine: Optimizing Model Poisoning Attacks and Defenses for
 * Federated Learning"): μ − γ·σ with the largest γ for which no honest delta is farther away than the two honest ones that are
 * farthest apart. The paper searches for γ; each distance is a quadratic in it, so here it is solved for.
 */
import { momentsOf, moved } from './moments.ts'
import type { ForgingAttack } from './attack.ts'
import type { Moments } from './moments.ts'

export const minMax: ForgingAttack = {
  name: 'minMax',
  kind: 'forges',
  alike: true,
  forge({ honest }) {
    const moments = momentsOf(honest)
    return moved(moments.mean, moments.deviation, -largestFactor(honest, moments))
  }
}

/** The largest γ with ‖μ − γσ − g‖² ≤ max ‖g − g'‖² for every honest g. 0 where all are the same. */
function largestFactor(honest: readonly Float32Array[], { mean, deviation }: Moments): number {
  const most = largestSquaredDistance(honest)
  const a = deviation.reduce((sum, value) => sum + value * value, 0)
  if (a === 0) return 0
  let factor = Infinity
  for (const delta of honest) {
    // ‖(μ − g) − γσ‖² = c − 2bγ + aγ²
    let [b, c] = [0, 0]
    for (let i = 0; i < delta.length; i++) {
      const offset = mean[i] - delta[i]
      b += deviation[i] * offset
      c += offset * offset
    }
    factor = Math.min(factor, (b + Math.sqrt(Math.max(0, b * b - a * (c - most)))) / a)
  }
  return factor
}

function largestSquaredDistance(deltas: readonly Float32Array[]): number {
  let largest = 0
  for (const [j, one] of deltas.entries()) {
    for (const other of deltas.slice(0, j)) {
      let sum = 0
      for (let i = 0; i < one.length; i++) sum += (one[i] - other[i]) ** 2
      largest = Math.max(largest, sum)
    }
  }
  return largest
}
