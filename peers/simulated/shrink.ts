/** Cuts a failing history down: the fewest faults, and the shortest, with which it still fails. */
import { play } from './play.ts'
import type { Fault } from './stage/faults.ts'
import type { History } from './history.ts'
import type { Outcome } from './play.ts'

export interface Shrunk {
  history: History
  /** Indexes of the faults that are left, in the history that was handed in. */
  kept: number[]
  /** How many histories were played. */
  tries: number
}

/** The history with only these of its faults. */
export function withFaults(history: History, kept: readonly number[]): History {
  return {
    ...history,
    faults: kept.flatMap((index): readonly Fault[] => history.faults.slice(index, index + 1))
  }
}

/**
 * Delta debugging (Zeller & Hildebrandt 2002, ddmin): leave out ever smaller parts of the schedule while it fails in
 * the same way (a violation stays a violation, a stall a stall).
 */
export function shrink(history: History, failure: NonNullable<Outcome['failure']>): Shrunk {
  let kept = history.faults.map((_, index) => index)
  let tries = 0
  const fails = (part: number[]): boolean => {
    tries++
    return play(withFaults(history, part)).failure?.name === failure.name
  }
  for (let size = kept.length; size >= 1;) {
    const smaller = withoutChunk(kept, size, fails)
    if (smaller == null) size = Math.floor(size / 2)
    else kept = smaller
    size = Math.min(size, kept.length)
  }
  return { history: withFaults(history, kept), kept, tries }
}

/** The first part that fails of those that lack one chunk of this size. */
function withoutChunk(kept: number[], size: number, fails: (part: number[]) => boolean): number[] | null {
  for (let from = 0; from < kept.length; from += size) {
    const part = [...kept.slice(0, from), ...kept.slice(from + size)]
    if (fails(part)) return part
  }
  return null
}
