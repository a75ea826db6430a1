/** What a status tells of the rounds before. */
import type { Metrics } from '../../../src/federation/records.ts'

/** Rounds whose duration counts. */
const RECENT = 10

export class Bookkeeping {
  /** Of the global model on this peer's own held-out data, the latest. */
  ownEvaluation: Metrics | null = null
  /** Of recent rounds, the newest last. */
  roundsMs: number[] = []
  #round = 0

  /** A commit that completes no round says nothing about how long one takes. */
  committed(round: number, durationMs: number): void {
    if (round > this.#round) this.roundsMs = [...this.roundsMs, durationMs].slice(-RECENT)
    this.#round = round
  }
}
