/** Plays many seeds and sums up; what fails is told with the one command that plays it again. */
import { drawHistory } from './history.ts'
import { play } from './play.ts'
import { ViolationError } from './checker/checker.ts'
import type { History } from './history.ts'
import type { Outcome } from './play.ts'

export interface Tally {
  seeds: number
  violations: number
  stalled: number
  /** Committed rounds a second of wall time, all histories together. */
  roundsPerSecond: number
}

export interface RunOptions {
  first: number
  seeds: number
  faultModel?: 'crash' | 'byzantine'
  /** Only some members at a time fetch the updates. */
  committees?: boolean
  /** Milliseconds of any clock. */
  clock: () => number
  /** Told of each history that fails. */
  onFailure?: (history: History, failure: NonNullable<Outcome['failure']>) => void
  /** Told after each history. */
  onPlayed?: (seed: number) => void
}

export function playSeeds(options: RunOptions): Tally {
  const { first, seeds, faultModel, committees, clock, onFailure, onPlayed } = options
  const startedAt = clock()
  const tally = { seeds, violations: 0, stalled: 0, roundsPerSecond: 0 }
  let rounds = 0
  for (let seed = first; seed < first + seeds; seed++) {
    const history = drawHistory(seed, { faultModel, committees })
    const outcome = play(history)
    rounds += outcome.rounds
    if (outcome.failure instanceof ViolationError) tally.violations++
    else if (outcome.failure != null) tally.stalled++
    if (outcome.failure != null) onFailure?.(history, outcome.failure)
    onPlayed?.(seed)
  }
  tally.roundsPerSecond = Math.round((rounds * 1000) / Math.max(1, clock() - startedAt))
  return tally
}
