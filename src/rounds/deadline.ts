/** When a round stops waiting for more updates. */
import type { RoundConfig } from './types.ts'

/** The spread is never taken as smaller than this share of the median, so that quiet rounds do not make it brittle. */
const MIN_RELATIVE_SPREAD = 0.1
/** Without history, wait this many times as long as the majority of the cohort took. */
const FIRST_ROUND_PATIENCE = 3
/** Heights whose duration is remembered. */
export const HISTORY_LENGTH = 16
/** Fewer durations than this say too little. */
const MIN_HISTORY = 2

/**
 * How long after its start a round stops waiting: median + factor · MAD of recent durations, within floor and ceiling.
 * Before there are such, a multiple of the time in which this round's majority was done, and the ceiling before that.
 *
 * @param collectMs - durations of recent rounds
 * @param majorityMs - how long this round's majority took, null while it is not in
 */
export function deadlineMs(
  config: RoundConfig['deadline'],
  collectMs: readonly number[],
  majorityMs: number | null
): number {
  const bounded = (ms: number): number => Math.min(config.ceilingMs, Math.max(config.floorMs, ms))
  if (hasHistory(collectMs)) {
    const middle = median(collectMs)
    const spread = median(collectMs.map((ms) => Math.abs(ms - middle)))
    return bounded(middle + config.factor * Math.max(spread, MIN_RELATIVE_SPREAD * middle))
  }
  return majorityMs == null ? config.ceilingMs : bounded(FIRST_ROUND_PATIENCE * majorityMs)
}

/** Do recent rounds say how long this one may take, whatever its majority does? */
export function hasHistory(collectMs: readonly number[]): boolean {
  return collectMs.length >= MIN_HISTORY
}

/** The middle value; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
