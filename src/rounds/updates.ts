/** What a state knows of the current height's updates and bodies. */
import type { RoundState } from './types.ts'

/** Updates that a proposal of ours would count, by author. */
export function knownUpdates(state: RoundState): string[] {
  return [...state.updates].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, known]) => known.update)
}

/** How many of the updates here count towards the minimum. */
export function acceptedCount(state: RoundState): number {
  let count = 0
  for (const known of state.updates.values()) if (known.accepted) count++
  return count
}

/** True when somebody has closed the collection and made a body that holds. One that does not hold counts for nothing. */
export function knowsValidBody(state: RoundState): boolean {
  for (const valid of state.verdicts.values()) if (valid) return true
  return false
}
