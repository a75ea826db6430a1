/**
 * FedYogi (Reddi et al. 2021, Algorithm 2): m ← β₁·m + (1 − β₁)·Δ; v ← v − (1 − β₂)·Δ²·sign(v − Δ²);
 * model + η·m / (√v + τ). What it remembers of squares shrinks by steps no larger than they are, unlike Adam's.
 */
import type { ServerOptimizer } from '../rule.ts'
import type { AdamOptions } from './adam.ts'

export function yogi({ learningRate, beta1, beta2, tau }: AdamOptions): ServerOptimizer {
  return {
    name: 'yogi',
    moments: 2,
    apply({ model, delta, moments: [first, second], next, nextMoments: [nextFirst, nextSecond] }) {
      for (let i = 0; i < next.length; i++) {
        const square = delta[i] * delta[i]
        const m = beta1 * first[i] + (1 - beta1) * delta[i]
        const v = second[i] - (1 - beta2) * square * signOf(second[i] - square)
        nextFirst[i] = m
        nextSecond[i] = v
        next[i] = model[i] + (learningRate * m) / (Math.sqrt(v) + tau)
      }
    }
  }
}

function signOf(value: number): number {
  return value > 0 ? 1 : value < 0 ? -1 : 0
}
