/** The state of one step while it is being worked out: top-level fields are replaced, nested values never mutated. */
import type { RoundEffect, RoundState } from './types.ts'

export interface Draft {
  state: { -readonly [K in keyof RoundState]: RoundState[K] }
  effects: RoundEffect[]
  now: number
}

export function emit(draft: Draft, effect: RoundEffect): void {
  draft.effects.push(effect)
}

/** True the first time it is asked with this key at this height. */
export function firstTime(draft: Draft, key: string): boolean {
  if (draft.state.once.has(key)) return false
  draft.state.once = new Set(draft.state.once).add(key)
  return true
}
