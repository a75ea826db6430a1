/** What a state knows of the current height's updates. */
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
