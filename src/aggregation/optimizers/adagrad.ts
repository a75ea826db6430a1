/** FedAdagrad (Reddi et al. 2021, Algorithm 2, with β₁ = 0 as Flower has it): v ← v + Δ²; model + η·Δ / (√v + τ). */
import type { ServerOptimizer } from '../rule.ts'

export interface AdagradOptions {
  learningRate: number
  /** How little adaptive it is: with a large one all coordinates move alike. */
  tau: number
}

export function adagrad({ learningRate, tau }: AdagradOptions): ServerOptimizer {
  return {
    name: 'adagrad',
    moments: 1,
    apply({ model, delta, moments: [squares], next, nextMoments: [nextSquares] }) {
      for (let i = 0; i < next.length; i++) {
        const v = squares[i] + delta[i] * delta[i]
        nextSquares[i] = v
        next[i] = model[i] + (learningRate * delta[i]) / (Math.sqrt(v) + tau)
      }
    }
  }
}
