/**
 * Sign flip: the mean of the honest deltas, the other way (Allen-Zhu et al. 2020, "Byzantine-Resilient Non-Convex Stochastic
 * Gradient Descent"): −μ. It is what one who wants the model untrained would send.
 */
import { meanOf, scaled } from './moments.ts'
import type { ForgingAttack } from './attack.ts'

export const signFlip: ForgingAttack = {
  name: 'signFlip',
  kind: 'forges',
  alike: true,
  forge: ({ honest }) => scaled(meanOf(honest), -1)
}
