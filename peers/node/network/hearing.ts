/**
 * Which connections are heard. Each is looked at once a tick: what was received, how long ago, and whether it answers when
 * it is asked. A peer that stood still itself blames nobody: time is counted in ticks.
 */
import type { Traffic } from './counted.ts'
import type { Connection, Logger } from '@libp2p/interface'

export const TICK_MS = 100
const PING_PROTOCOL = '/ipfs/ping/1.0.0'
/** Heard nothing for so long: ask in any case. */
const QUIET_MS = 3_000
/** Nothing for so long: try another way. */
const DEAD_MS = 6_000
/** What was sent before an answer delays it. A line that is as slow as this is not given up. */
const SLOWEST_BYTES_PER_MS = 64
/** A line as slow as this is waited for. */
const SLOW_BYTES_PER_MS = 1024
/** Round trips that an answer may take: packets get lost, and machines are busy. */
const ROUND_TRIPS = 4
/** Until it was measured. */
const UNKNOWN_ROUND_TRIP_MS = 250

export interface HearingInit {
  traffic: Pick<Traffic, 'of'>
  log: Logger
}

/** As of this tick. */
export interface Heard {
  /** It does not answer: time to try another way. */
  isSilent: boolean
  /** Nothing came for longer than others are ready to wait. */
  isMute: boolean
}

interface Watched {
  bytesIn: number
  /** As of when something was heard last. */
  bytesOut: number
  /** Since then. */
  quietMs: number
  /** Since it was asked; null: it was not. */
  askedMs: number | null
}

export class Hearing {
  readonly #init: HearingInit
  readonly #watched = new WeakMap<Connection, Watched>()

  constructor(init: HearingInit) {
    this.#init = init
  }

  /** One tick later: was something heard? If not for long, ask. */
  tick(connection: Connection, patienceMs: number): Heard {
    const watched = this.#listen(connection, patienceMs)
    return {
      isSilent: this.#isSilent(connection, watched),
      isMute: this.#isMute(connection, watched, patienceMs)
    }
  }

  /** Nothing came since the last tick, after which it was silent. */
  isUnheard(connection: Connection): boolean {
    const watched = this.#watched.get(connection)
    return watched?.askedMs != null && watched.bytesIn === this.#init.traffic.of(connection).bytesIn
  }

  #listen(connection: Connection, patienceMs: number): Watched {
    const { bytesIn, bytesOut } = this.#init.traffic.of(connection)
    let watched = this.#watched.get(connection)
    if (watched?.bytesIn !== bytesIn) {
      watched = { bytesIn, bytesOut, quietMs: 0, askedMs: null }
      this.#watched.set(connection, watched)
      return watched
    }
    watched.quietMs += TICK_MS
    if (watched.askedMs != null) watched.askedMs += TICK_MS
    else if (watched.quietMs >= Math.min(QUIET_MS, patienceMs / 2)) {
      watched.askedMs = 0
      void this.#ask(connection)
    }
    return watched
  }

  #isSilent(connection: Connection, { quietMs, askedMs, bytesOut }: Watched): boolean {
    const sentMs = (this.#init.traffic.of(connection).bytesOut - bytesOut) / SLOWEST_BYTES_PER_MS
    return askedMs != null && askedMs >= DEAD_MS - QUIET_MS && quietMs >= DEAD_MS + sentMs
  }

  #isMute(connection: Connection, { quietMs, askedMs, bytesOut }: Watched, patienceMs: number): boolean {
    const sentMs = (this.#init.traffic.of(connection).bytesOut - bytesOut) / SLOW_BYTES_PER_MS
    const travelMs = ROUND_TRIPS * (connection.rtt ?? UNKNOWN_ROUND_TRIP_MS) + sentMs
    return askedMs != null && askedMs >= patienceMs / 2 + travelMs && quietMs >= patienceMs + travelMs
  }

  /** Agreeing on a protocol needs the other side; what it is does not matter. The answer is seen in the traffic. */
  async #ask(connection: Connection): Promise<void> {
    try {
      const stream = await connection.newStream(PING_PROTOCOL, { runOnLimitedConnection: true })
      await stream.close()
    } catch (error) {
      this.#init.log.trace('%p was not asked, or did not answer - %e', connection.remotePeer, error)
    }
  }
}
