/**
 * FedAdam (Reddi et al. 2021, Algorithm 2): m ← β₁·m + (1 − β₁)·Δ; v ← β₂·v + (1 − β₂)·Δ²; model + η′·m / (√v + τ).
 *
 * The paper's η′ is η. Flower corrects it for the zeros that m and v begin with, and so do we:
 * η′ = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ). Its t is the round, counted from 1, plus 1; Kingma & Ba's (arXiv 1412.6980) is the round.
 */
import { power } from '../power.ts'
import type { ServerOptimizer } from '../rule.ts'

export interface AdamOptions {
  learningRate: number
  beta1: number
  beta2: number
  /** How little adaptive it is: with a large one all coordinates move alike. */
  tau: number
}

export function adam({ learningRate, beta1, beta2, tau }: AdamOptions): ServerOptimizer {
  const correction = (t: number): number => Math.sqrt(1 - power(beta2, t)) / (1 - power(beta1, t))
  return {
    name: 'adam',
    moments: 2,
    apply({ round, model, delta, moments: [first, second], next, nextMoments: [nextFirst, nextSecond] }) {
      const rate = learningRate * correction(round + 1)
      for (let i = 0; i < next.length; i++) {
        const m = beta1 * first[i] + (1 - beta1) * delta[i]
        const v = beta2 * second[i] + (1 - beta2) * delta[i] * delta[i]
        nextFirst[i] = m
        nextSecond[i] = v
        next[i] = model[i] + (rate * m) / (Math.sqrt(v) + tau)
      }
    }
  }
}
