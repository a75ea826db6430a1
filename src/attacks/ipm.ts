/**
 * Inner-product manipulation (Xie, Koyejo, Gupta 2020, "Fall of Empires: Breaking Byzantine-tolerant SGD by Inner Product
 * Manipulation"): −ε·μ. A small ε hides among the honest and still turns what a rule makes of them away from their mean.
 */
import { meanOf, scaled } from './moments.ts'
import type { ForgingAttack } from './attack.ts'

/** @param epsilon - ε */
export function ipm(epsilon: number): ForgingAttack {
  return {
    name: 'ipm',
    kind: 'forges',
    alike: true,
    forge: ({ honest }) => scaled(meanOf(honest), -epsilon)
  }
}
