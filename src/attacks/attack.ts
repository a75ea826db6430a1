/** What members that lie send, for simulations: an attack is measured here so that a rule can be trusted elsewhere. */
import type { Random } from '../random.ts'

/** What liars know when they make up their updates: all that the honest members send in the same round. */
export interface AttackInput {
  /** Deltas of the honest, at least one. Not changed. */
  honest: readonly Float32Array[]
  /** How many liars this round has. */
  byzantine: number
  /** Of this liar and this round. */
  random: Random
}

/** What one liar sends. */
export type Attack = ForgingAttack | PoisoningAttack

/** The delta is made up. */
export interface ForgingAttack {
  readonly name: string
  readonly kind: 'forges'
  /** All liars of a round send the same: it is made up once. */
  readonly alike: boolean
  forge(input: AttackInput): Float32Array
}

/** The delta is trained as an honest member would, on labels that were changed. */
export interface PoisoningAttack {
  readonly name: string
  readonly kind: 'poisons'
  /** @param labels - how many labels the task has */
  relabel(label: number, labels: number): number
}
