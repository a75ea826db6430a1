/**
 * The state of one step while it is being worked out: top-level fields are replaced, nested values of the state that the
 * step began with never mutated.
 */
import type { RoundEffect, RoundState } from './types.ts'

export interface Draft {
  state: { -readonly [K in keyof RoundState]: RoundState[K] }
  effects: RoundEffect[]
  now: number
  /** The state's `once`, copied: the first time something is noted in this step, for all of it. */
  once: Set<string> | null
}

export function emit(draft: Draft, effect: RoundEffect): void {
  draft.effects.push(effect)
}

/** True the first time it is asked with this key at this height. */
export function firstTime(draft: Draft, key: string): boolean {
  const { state } = draft
  if (state.once.has(key)) return false
  if (draft.once == null || draft.once !== state.once) state.once = draft.once = new Set(state.once)
  draft.once.add(key)
  return true
}
