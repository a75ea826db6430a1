/** The blocks of one fetch: which are wanted, who was asked for each, who cannot help. */
import { MIN_SLOW_MS, SLOW_FACTOR } from './constants.ts'
import { NotHeldError } from './errors.ts'
import type { Clock } from '../common/clock.ts'
import type { HolderFailure } from './errors.ts'
import type { CID } from 'multiformats/cid'

export interface Entry {
  readonly cid: CID
  /** Ids of the holders asked and not yet answered. */
  askedOf: Set<string>
  /** Ids of holders that said they do not have it. */
  refusedBy: Set<string>
  askedAtMs: number
  queued: boolean
  /** Right bytes are here: being stored, or stored. */
  arrived: boolean
}

export class WantList {
  readonly #clock: Clock
  readonly #entries: Entry[]
  /** Entries with `queued`: some holder should be asked, in this order. */
  readonly #queue: Entry[]
  #lastArrivalMs: number
  /** Mean time from question to answer; the initial guess only delays asking elsewhere. */
  #meanAnswerMs = MIN_SLOW_MS / SLOW_FACTOR

  constructor(cids: CID[], clock: Clock) {
    this.#clock = clock
    this.#lastArrivalMs = clock.nowMs()
    this.#entries = cids.map(newEntry)
    this.#queue = [...this.#entries]
  }

  /** The next block that this holder may be asked for; marks it asked. */
  take(holder: string): Entry | null {
    const at = this.#queue.findIndex((entry) => !entry.askedOf.has(holder) && !entry.refusedBy.has(holder))
    const [entry] = at < 0 ? [] : this.#queue.splice(at, 1)
    if (entry == null) return null
    entry.queued = false
    entry.askedOf.add(holder)
    entry.askedAtMs = this.#clock.nowMs()
    return entry
  }

  /** The first right answer. */
  arrive(entry: Entry): void {
    entry.arrived = true
    this.#lastArrivalMs = this.#clock.nowMs()
    this.#meanAnswerMs += (this.#lastArrivalMs - entry.askedAtMs - this.#meanAnswerMs) / 8
    if (entry.queued) this.#queue.splice(this.#queue.indexOf(entry), 1)
    entry.queued = false
  }

  /** The holder answered or failed: without the block, it goes to the front, unless somebody else still brings it. */
  giveBack(entry: Entry, holder: string): void {
    entry.askedOf.delete(holder)
    if (entry.arrived || entry.queued || entry.askedOf.size > 0) return
    entry.queued = true
    this.#queue.unshift(entry)
  }

  /**
   * Offer to other holders what one was asked for too long ago. True when another holder could help: something is
   * overdue, or nothing at all arrived for long.
   */
  offerOverdue(): boolean {
    const limitMs = Math.max(MIN_SLOW_MS, this.#meanAnswerMs * SLOW_FACTOR)
    const sinceMs = this.#clock.nowMs() - limitMs
    const overdue = this.#entries.filter((e) => !e.arrived && e.askedOf.size === 1 && e.askedAtMs < sinceMs)
    for (const entry of overdue) {
      if (entry.queued) continue
      entry.queued = true
      this.#queue.push(entry)
    }
    return overdue.length > 0 || this.#lastArrivalMs < sinceMs
  }

  missing(): CID[] {
    return this.#entries.filter((entry) => !entry.arrived).map((entry) => entry.cid)
  }

  /** Holders that lack a block that is still missing. */
  refusals(): HolderFailure[] {
    const failures = new Map<string, Error>()
    for (const entry of this.#entries) {
      if (entry.arrived) continue
      for (const id of entry.refusedBy) if (!failures.has(id)) failures.set(id, new NotHeldError(entry.cid))
    }
    return [...failures].map(([peerId, error]) => ({ peerId, error }))
  }
}

function newEntry(cid: CID): Entry {
  return { cid, askedOf: new Set(), refusedBy: new Set(), askedAtMs: Infinity, queued: true, arrived: false }
}
