/** What a status tells of the rounds before. */
import { median } from '../../../src/rounds/deadline.ts'
import type { Metrics } from '../../../src/federation/records.ts'

/** Rounds whose duration counts. */
const RECENT = 10

export class Bookkeeping {
  /** Of the global model on this peer's own held-out data, the latest. */
  ownEvaluation: Metrics | null = null
  /** Of recent rounds, the newest last. */
  roundsMs: number[] = []
  #round = 0

  /** How long a round usually takes here; null before there was one. One that took long for some reason says nothing. */
  get usualMs(): number | null {
    return this.roundsMs.length === 0 ? null : median(this.roundsMs)
  }

  /** A commit that completes no round says nothing about how long one takes. */
  committed(round: number, durationMs: number): void {
    if (round > this.#round) this.roundsMs = [...this.roundsMs, durationMs].slice(-RECENT)
    this.#round = round
  }
}
