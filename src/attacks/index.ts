/** Attacks by members that lie, one file each. For simulations and tests: no peer imports them (lint says so). */
import { z } from 'zod'
import { alie } from './alie.ts'
import { gaussian } from './gaussian.ts'
import { ipm } from './ipm.ts'
import { labelFlip } from './label-flip.ts'
import { mimic } from './mimic.ts'
import { minMax } from './min-max.ts'
import { nan } from './nan.ts'
import { signFlip } from './sign-flip.ts'
import type { Attack } from './attack.ts'

export type { Attack, AttackInput, ForgingAttack, PoisoningAttack } from './attack.ts'

const positive = z.number().positive().max(1e9)

/** What a plan says of the liars' method. */
export const attackSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('signFlip') }),
  z.strictObject({ name: z.literal('ipm'), epsilon: positive.default(0.5) }),
  /** z absent: as the numbers of members and liars allow. */
  z.strictObject({ name: z.literal('alie'), z: positive.optional() }),
  z.strictObject({ name: z.literal('mimic'), target: z.int().min(0).max(100_000).default(0) }),
  z.strictObject({ name: z.literal('labelFlip') }),
  z.strictObject({ name: z.literal('gaussian'), sigma: positive.default(1) }),
  z.strictObject({ name: z.literal('minMax') }),
  z.strictObject({ name: z.literal('nan') })
])

export type AttackSpec = z.output<typeof attackSchema>

/** The attack that a plan names. */
export function attackOf(spec: AttackSpec): Attack {
  switch (spec.name) {
    case 'signFlip':
      return signFlip
    case 'ipm':
      return ipm(spec.epsilon)
    case 'alie':
      return alie(spec.z)
    case 'mimic':
      return mimic(spec.target)
    case 'labelFlip':
      return labelFlip
    case 'gaussian':
      return gaussian(spec.sigma)
    case 'minMax':
      return minMax
    case 'nan':
      return nan
  }
}
