/**
 * How the clocks of those who propose stand to this host's, as far as their proposals show. A proposal whose time is too
 * far in the future is refused (`height/bodies.ts`): whoever reads this peer's status must learn why, and whose clock to set.
 */
import type { Clock } from './components.ts'
import type { RoundRecord } from './records/records.ts'
import type { Height, LedgerTip } from '../../src/rounds/index.ts'

/** A proposer's clock may be ahead of ours by this much. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000

/** A member whose clock and this host's are too far apart. */
export interface WrongClock {
  peer: string
  /** At least so far is it ahead of this host's; negative: behind. */
  aheadMs: number
  /** The height and the view that it proposed in last. */
  height: number
  view: number
}

/** A clock against the one that nobody sets: between these two at the latter's origin. */
interface Seen {
  leastMs: number
  mostMs: number
  height: number
  view: number
}

/** Is this time further in the future than a clock may be ahead? The time of the commit before is never too late. */
export function isTooLate(time: number, { now, previous }: { now: number; previous: number }): boolean {
  return time > Math.max(now + MAX_CLOCK_SKEW_MS, previous)
}

export class Clocks {
  readonly #clock: Clock
  /** By author, its latest proposal. */
  readonly #seen = new Map<string, Seen>()
  /** The height that was decided here last, and when. */
  #decided: { height: number; atMs: number } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A height was decided here and now, with the others: whatever they propose next they made after that. */
  decided(height: number): void {
    this.#decided = { height, atMs: this.#clock.elapsedMs() }
  }

  /** A record of another arrived for the height after `tip`. */
  heard({ kind, signed }: RoundRecord, at: { height: Pick<Height, 'roster'>; tip: LedgerTip | null }): void {
    if (kind !== 'proposal' || at.tip == null || !at.height.roster.includes(signed.author)) return
    const { body, height, view } = signed.value
    const openedAt = this.#decided?.height === height - 1 ? this.#decided.atMs : -Infinity
    // The time of the commit before stands for any earlier one.
    const leastMs = body.time > at.tip.body.time ? body.time - this.#clock.elapsedMs() : -Infinity
    this.#seen.set(signed.author, { leastMs, mostMs: body.time - openedAt, height, view })
  }

  /**
   * Of the members of a height those whose clock is wrong, or this host's is: by the host's clock as it is now. Who has
   * proposed nothing while everybody had a turn is not judged: its clock, or this host's rest, may be another by now.
   */
  wrong({ height: current, roster }: Pick<Height, 'height' | 'roster'>): WrongClock[] {
    const origin = this.#clock.now() - this.#clock.elapsedMs()
    return roster.flatMap((peer) => {
      const seen = this.#seen.get(peer)
      if (seen == null || seen.height < current - roster.length) return []
      const { height, view } = seen
      const [least, most] = [seen.leastMs - origin, seen.mostMs - origin]
      if (least > MAX_CLOCK_SKEW_MS) return [{ peer, aheadMs: least, height, view }]
      return most < -MAX_CLOCK_SKEW_MS ? [{ peer, aheadMs: most, height, view }] : []
    })
  }
}
