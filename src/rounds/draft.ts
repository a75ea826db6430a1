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
  if (draft.state.once.has(key)) return false
  writable(draft).add(key)
  return true
}

/** What came to nothing may happen once more. */
export function forget(draft: Draft, key: string): void {
  if (draft.state.once.has(key)) writable(draft).delete(key)
}

function writable(draft: Draft): Set<string> {
  const { state } = draft
  if (draft.once == null || draft.once !== state.once) state.once = draft.once = new Set(state.once)
  return draft.once
}
