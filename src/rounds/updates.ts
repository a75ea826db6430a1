/** What a state knows of the current height's updates and bodies. */
import { gathers } from './committee.ts'
import type { KnownUpdate, RoundState } from './types.ts'

/** Who fetches updates counts those that are here, the others all that they have heard of. */
function counting(state: RoundState): [string, KnownUpdate][] {
  const isGathering = gathers(state)
  return [...state.updates].filter(([, { announced }]) => announced !== true || !isGathering)
}

/** Updates that a proposal of ours would count, by author. */
export function knownUpdates(state: RoundState): string[] {
  return counting(state)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, known]) => known.update)
}

/** How many of the updates here count towards the minimum. */
function acceptedCount(state: RoundState): number {
  let count = 0
  for (const [, known] of counting(state)) if (known.accepted) count++
  return count
}

/** Is there enough for this round's commit? */
export function hasEnoughUpdates(state: RoundState): boolean {
  return acceptedCount(state) >= state.config.minContributors
}

/** Who of the cohort has not delivered. */
export function missing(state: RoundState): string[] {
  const delivered = new Set(counting(state).map(([author]) => author))
  return state.height.cohort.filter((peer) => !delivered.has(peer))
}

/**
 * May the round be given up, as too few have delivered and nobody is left who could? Else the dead could not leave the
 * roster, nor anybody come in their place. Members that are slow are waited for by all that are connected to them.
 */
export function mayLapse(state: RoundState): boolean {
  const isOver = state.height.mode === 'train' && state.deadlinePassed && !hasEnoughUpdates(state)
  return isOver && !missing(state).some((peer) => peer === state.self || state.connected.has(peer))
}

/**
 * True when somebody has closed the collection and made a body that holds. One that does not hold counts for nothing,
 * and one that gives the round up not for those who need not.
 */
export function knowsValidBody(state: RoundState): boolean {
  const lapsing = new Set([...state.proposals.values()].flatMap(({ body, lapses }) => (lapses ? body : [])))
  for (const [body, valid] of state.verdicts) if (valid && !lapsing.has(body)) return true
  return false
}
