/**
 * How long a round waits for a member that is connected and does not answer at all. (Who answers, however slow it is at
 * training or at making a proposal, is waited for by the rules of rounds: deadlines and views that time out.)
 */

/** To be wrong about a busy machine costs that member's update of a round. */
const LEAST_MS = 1_000
/** To be wrong about a proposer costs a view: another one proposes. */
const LEAST_PROPOSER_MS = 400
/** Longer than that nobody is silent who is there. */
const MOST_MS = 6_000

/**
 * The patience: as long as a usual round for whom it trains, half as long for whom it proposes.
 *
 * @param usualMs - a usual round; null while it is not known
 * @param isProposing - the round waits for the proposal of this very member
 */
export function patienceMs(usualMs: number | null, isProposing: boolean): number {
  if (usualMs == null) return MOST_MS
  const wantedMs = isProposing ? Math.max(LEAST_PROPOSER_MS, usualMs / 2) : Math.max(LEAST_MS, usualMs)
  return Math.min(MOST_MS, wantedMs)
}
