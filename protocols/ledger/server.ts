/** Answers requests: one a stream. Who may ask at all is decided by the registrar that was handed in. */
import { asError } from '../common/errors.ts'
import { frames, isUnreadable } from '../common/frames.ts'
import { RateLimits } from '../common/rate-limits.ts'
import { refuse } from '../common/refusal.ts'
import { answer } from './answer.ts'
import {
  MAX_RATED_PEERS,
  MAX_REQUEST_BYTES,
  MAX_STREAMS,
  MAX_STREAMS_PER_PEER,
  REQUEST_BURST,
  REQUESTS_PER_SECOND
} from './constants.ts'
import { requestType } from './schema.ts'
import type { Judge } from '../common/conduct.ts'
import type { Refusal } from '../common/refusal.ts'
import type { LedgerSource } from './index.ts'
import type { Connection, Logger, Stream } from '@libp2p/interface'

export interface LedgerServerInit {
  source: LedgerSource
  nowMs: () => number
  requestTimeoutMs: number
  answerTimeoutMs: number
  judge?: Judge
  log: Logger
}

const BUSY: Refusal = {
  code: 'busy',
  message: 'This peer answers as many requests about the ledger as it can: ask another member'
}
const TOO_OFTEN: Refusal = {
  code: 'too-often',
  message: `At most ${REQUESTS_PER_SECOND} requests about the ledger a second are answered: wait a second`
}
const WRONG_FEDERATION: Refusal = {
  code: 'wrong-federation',
  message: 'This peer belongs to another federation: check the invite and the addresses'
}

export class LedgerServer {
  readonly #init: LedgerServerInit
  readonly #rates: RateLimits
  /** Streams by peer; a peer without one has no entry. */
  readonly #streams = new Map<string, Set<Stream>>()

  constructor(init: LedgerServerInit) {
    this.#init = init
    this.#rates = new RateLimits({
      perSecond: REQUESTS_PER_SECOND,
      burst: REQUEST_BURST,
      nowMs: init.nowMs,
      maxKeys: MAX_RATED_PEERS
    })
  }

  /** The stream handler. Resolves when the stream is over; never rejects. */
  async handle(stream: Stream, { remotePeer }: Pick<Connection, 'remotePeer'>): Promise<void> {
    const peer = remotePeer.toString()
    const refusal = this.#refusal(peer)
    if (refusal != null) {
      this.#init.log('refused %p: %s', remotePeer, refusal.code)
      if (refusal === TOO_OFTEN) this.#init.judge?.blame(peer, 'flood')
      return refuse(stream, refusal)
    }
    const streams = this.#streams.get(peer) ?? new Set()
    this.#streams.set(peer, streams.add(stream))
    try {
      await this.#serve(stream)
    } catch (error) {
      this.#init.log('could not answer %p: %e', remotePeer, error)
      if (isUnreadable(error)) this.#init.judge?.blame(peer, 'unreadable')
      stream.abort(asError(error))
    } finally {
      streams.delete(stream)
      if (streams.size === 0) this.#streams.delete(peer)
    }
  }

  /** Reset every stream. */
  stop(reason: Error): void {
    for (const streams of this.#streams.values()) for (const stream of streams) stream.abort(reason)
  }

  #refusal(peer: string): Refusal | undefined {
    if (!this.#rates.take(peer)) return TOO_OFTEN
    const all = [...this.#streams.values()].reduce((sum, { size }) => sum + size, 0)
    const own = this.#streams.get(peer)?.size ?? 0
    return own >= MAX_STREAMS_PER_PEER || all >= MAX_STREAMS ? BUSY : undefined
  }

  async #serve(stream: Stream): Promise<void> {
    const { source, requestTimeoutMs, answerTimeoutMs } = this.#init
    const wire = frames(stream, MAX_REQUEST_BYTES)
    const request = await wire.read(requestType, { signal: AbortSignal.timeout(requestTimeoutMs) })
    if (!request.federation.equals(source.federation)) return refuse(stream, WRONG_FEDERATION)
    const signal = AbortSignal.timeout(answerTimeoutMs)
    for await (const frame of answer(source, request)) await wire.write(frame, { signal })
    await stream.close({ signal })
  }
}
