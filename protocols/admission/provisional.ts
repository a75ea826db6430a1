/** Peers that are neither admitted nor refused yet: this peer's ledger may be too old to judge, and it catches up first. */
import { mayBeOutdated } from '../../src/federation/errors.ts'
import { MAX_PROVISIONAL } from './constants.ts'
import { AdmissionTimeoutError } from './errors.ts'
import type { Clock } from '../common/clock.ts'
import type { MembershipError } from '../../src/federation/errors.ts'
import type { AdmissionSource } from './index.ts'
import type { LedgerHead } from './schema.ts'
import type { Connection, PeerId } from '@libp2p/interface'

export interface ProvisionalInit {
  source: AdmissionSource
  clock: Clock
  /** Without progress for so long, catching up from a peer ends. */
  timeoutMs: number
}

/** One exchange, which may come to a doubt. */
export interface Attempt {
  connection: Connection
  /** True: there is a doubt, and room for one more. Holds its place until `end()`. */
  mayCatchUp(refusal: MembershipError, head: LedgerHead | null): boolean
  end(): void
}

export class Provisional {
  readonly #init: ProvisionalInit
  /** Those that hold a place. */
  readonly #doubtful = new Set<Attempt>()

  constructor(init: ProvisionalInit) {
    this.#init = init
  }

  attempt(connection: Connection): Attempt {
    const attempt: Attempt = {
      connection,
      mayCatchUp: (refusal, head) => {
        if (this.#isDoubtful(refusal, head) && this.#hasRoom(connection)) this.#doubtful.add(attempt)
        return this.#doubtful.has(attempt)
      },
      end: () => void this.#doubtful.delete(attempt)
    }
    return attempt
  }

  has(connection: Connection): boolean {
    return [...this.#doubtful].some((attempt) => attempt.connection === connection)
  }

  /** Catch up from a peer, for as long as that brings this one forward. @throws how it failed */
  async catchUp(peerId: PeerId, running: AbortSignal): Promise<void> {
    const { source, clock, timeoutMs } = this.#init
    const stalled = new AbortController()
    let cancel = (): void => {}
    const watch = (height: number): void => {
      cancel = clock.after(timeoutMs, () => {
        const reached = heightOf(source.head())
        if (reached > height) watch(reached)
        else stalled.abort(new AdmissionTimeoutError(peerId.toString(), timeoutMs))
      })
    }
    watch(heightOf(source.head()))
    try {
      await source.catchUp?.(peerId, { signal: AbortSignal.any([running, stalled.signal]) })
    } finally {
      cancel()
    }
  }

  /** Would a ledger as long as that one perhaps not refuse? */
  #isDoubtful(refusal: MembershipError, head: LedgerHead | null): boolean {
    const { source } = this.#init
    return source.catchUp != null && mayBeOutdated(refusal) && heightOf(head) > heightOf(source.head())
  }

  #hasRoom({ direction }: Connection): boolean {
    const sameWay = [...this.#doubtful].filter(({ connection }) => connection.direction === direction)
    return sameWay.length < MAX_PROVISIONAL
  }
}

function heightOf(head: LedgerHead | null): number {
  return head?.height ?? 0
}
