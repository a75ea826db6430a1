/**
 * Gaussian noise (Blanchard et al. 2017, "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent"): in each
 * coordinate a normal value with mean 0 and deviation σ, another for each liar.
 */
import { normal } from '../random.ts'
import type { ForgingAttack } from './attack.ts'

/** @param sigma - σ, in units of the deltas */
export function gaussian(sigma: number): ForgingAttack {
  return {
    name: 'gaussian',
    kind: 'forges',
    alike: false,
    forge: ({ honest, random }) => honest[0].map(() => sigma * normal(random))
  }
}
