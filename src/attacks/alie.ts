/**
 * A little is enough (Baruch, Baruch, Goldberg 2019, "A Little Is Enough: Circumventing Defenses For Distributed Learning"):
 * μ − z·σ in each coordinate, with the largest z for which enough honest members are farther from the mean that a majority
 * with the liars stands behind it: with n members, f of them liars, s = ⌊n/2⌋ + 1 − f and Φ(z) = (n − f − s) / (n − f).
 */
import { momentsOf, moved } from './moments.ts'
import { normalQuantile } from './normal-quantile.ts'
import type { ForgingAttack } from './attack.ts'

/** @param given - z; absent: by the equation */
export function alie(given?: number): ForgingAttack {
  return {
    name: 'alie',
    kind: 'forges',
    alike: true,
    forge({ honest, byzantine }) {
      const { mean, deviation } = momentsOf(honest)
      return moved(mean, deviation, -(given ?? alieFactor(honest.length, byzantine)))
    }
  }
}

/** z of the paper, for so many honest members and liars: 0 or more, and finite even where the liars are the majority. */
export function alieFactor(honest: number, byzantine: number): number {
  const supporters = Math.floor((honest + byzantine) / 2) + 1 - byzantine
  const share = (honest - supporters) / honest
  return Math.max(0, normalQuantile(Math.min(share, 1 - 1 / (honest + 1))))
}
