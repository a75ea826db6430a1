/** What to do with a message: pass it on (to this peer and to others), drop it, or hold it against its sender. */
import { RateLimits } from '../common/rate-limits.ts'
import {
  BYTES_PER_TOKEN,
  MAX_HEIGHTS_AHEAD,
  MAX_RATED_AUTHORS,
  MAX_REMEMBERED,
  TOKEN_BURST,
  TOKENS_PER_SECOND
} from './constants.ts'
import { heightOfRecord, openMessage } from './message.ts'
import type { Verdict } from './pubsub.ts'
import type { OpenRecord } from '../../src/federation/sealed.ts'
import type { RoundsInit } from './index.ts'
import type { Logger } from '@libp2p/interface'

/** `reason` is there unless the record is accepted; `record` when the message could be opened. */
export interface Judgement {
  verdict: Verdict
  reason?: string
  record?: OpenRecord
}

export class Validator {
  readonly #init: RoundsInit
  readonly #log: Logger
  readonly #rates: RateLimits
  /** Payload and author of accepted records, oldest first; at most `MAX_REMEMBERED`. */
  readonly #seen = new Set<string>()

  constructor(init: RoundsInit, log: Logger) {
    this.#init = init
    this.#log = log
    this.#rates = new RateLimits({
      perSecond: TOKENS_PER_SECOND,
      burst: TOKEN_BURST,
      nowMs: init.nowMs ?? (() => performance.now()),
      maxKeys: MAX_RATED_AUTHORS
    })
  }

  /** @param source - peer id of whoever passed the message on; never rejects */
  async judge(data: Uint8Array, source: string): Promise<Judgement> {
    let record: OpenRecord
    try {
      record = await openMessage(data)
    } catch (error) {
      this.#init.judge?.blame(source, 'unreadable')
      return { verdict: 'reject', reason: (error as Error).message }
    }
    const judgement = await this.#judgeRecord(record, source)
    if (judgement.verdict === 'reject') this.#init.judge?.blame(source, 'unreadable')
    else this.#init.judge?.heard(source)
    if (judgement.verdict === 'accept') this.#remember(record)
    else this.#log('%s of %s: %s', record.kind, record.signed.author, judgement.reason)
    return { ...judgement, record }
  }

  /** In this order, so that nobody can use up what is another's, and a repeat costs nothing. */
  async #judgeRecord(record: OpenRecord, source: string): Promise<Judgement> {
    return (
      this.#wrongFederation(record) ??
      (await this.#wrongAuthor(record, source)) ??
      this.#wrongHeight(record) ??
      this.#repeated(record) ??
      this.#tooMany(record, source) ?? { verdict: 'accept' }
    )
  }

  #wrongFederation({ signed }: OpenRecord): Judgement | undefined {
    if (signed.value.federation.equals(this.#init.federation)) return undefined
    return { verdict: 'reject', reason: 'of another federation' }
  }

  async #wrongAuthor(record: OpenRecord, source: string): Promise<Judgement | undefined> {
    const { isMember, mayJoin } = this.#init
    const { author } = record.signed
    if (record.kind === 'join') {
      if (record.signed.value.member !== author) return { verdict: 'reject', reason: 'signed by another' }
      if ((await mayJoin?.(record.signed)) === true) return undefined
    }
    if (isMember(author)) return undefined
    // Members learn of each other at different moments; only a stranger's relay is to blame for sure.
    return { verdict: isMember(source) ? 'ignore' : 'reject', reason: 'not by a member' }
  }

  #wrongHeight(record: OpenRecord): Judgement | undefined {
    const height = heightOfRecord(record)
    const current = this.#init.heightOf()
    if (height == null || (height >= current && height <= current + MAX_HEIGHTS_AHEAD)) return undefined
    if (height > current) this.#init.onAhead?.(record.signed.author, height)
    return { verdict: 'ignore', reason: `of height ${height}, while ${current} is decided here` }
  }

  #repeated(record: OpenRecord): Judgement | undefined {
    return this.#seen.has(keyOf(record)) ? { verdict: 'ignore', reason: 'a repeat' } : undefined
  }

  /** Who passes on another's flood is not to blame. */
  #tooMany({ signed }: OpenRecord, source: string): Judgement | undefined {
    const tokens = 1 + Math.floor(signed.bytes.byteLength / BYTES_PER_TOKEN)
    if (this.#rates.take(signed.author, tokens)) return undefined
    if (source === signed.author) this.#init.judge?.blame(source, 'flood')
    return { verdict: 'ignore', reason: 'more than one member may send' }
  }

  #remember(record: OpenRecord): void {
    this.#seen.add(keyOf(record))
    const [oldest] = this.#seen
    if (this.#seen.size > MAX_REMEMBERED && oldest != null) this.#seen.delete(oldest)
  }
}

/** Not the payload alone: all votes for one body have the same. */
function keyOf({ signed }: OpenRecord): string {
  return `${signed.author} ${signed.cid}`
}
