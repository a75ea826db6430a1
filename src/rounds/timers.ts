/** Names of timers. They carry the height, so that one that fires late is known as such. */
import type { RoundState } from './types.ts'

export type TimerKind = 'deadline' | 'propose' | 'prevote' | 'precommit'

export interface TimerName {
  kind: TimerKind
  view: number
}

/** Names a timer of the current height. */
export function timerId(state: RoundState, kind: TimerKind, view = 0): string {
  return `${kind}:${state.height.height}:${view}`
}

/** What a timer of the current height was for; null for one of another height. */
export function readTimerId(state: RoundState, id: string): TimerName | null {
  const [kind, height, view] = id.split(':')
  return Number(height) === state.height.height ? { kind: kind as TimerKind, view: Number(view) } : null
}
