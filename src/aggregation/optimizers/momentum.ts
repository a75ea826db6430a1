/**
 * Server momentum: FedAvgM (Hsu et al. 2019, arXiv 1909.06335): v ← β·v + Δ; model + η·v.
 *
 * With Nesterov's look-ahead, as PyTorch writes it: model + η·(Δ + β·v). So the outer step of DiLoCo (Douillard et al.
 * 2023, arXiv 2311.08105) has η 0.7 and β 0.9.
 */
import type { ServerOptimizer } from '../rule.ts'

export interface MomentumOptions {
  learningRate: number
  /** β: the share of the velocity that is kept. */
  momentum: number
  nesterov: boolean
}

export function momentum({ learningRate, momentum: kept, nesterov }: MomentumOptions): ServerOptimizer {
  return {
    name: 'momentum',
    moments: 1,
    apply({ model, delta, moments: [velocity], next, nextMoments: [nextVelocity] }) {
      for (let i = 0; i < next.length; i++) {
        const v = kept * velocity[i] + delta[i]
        nextVelocity[i] = v
        next[i] = model[i] + learningRate * (nesterov ? delta[i] + kept * v : v)
      }
    }
  }
}
