/**
 * How far are you; catch me up. One request a stream; the answer is the responder's head, the commits that the
 * requester lacks, and, when it has or gets them all, the records of the current round that it lacks. So the same
 * question brings a newcomer up to date and replaces what gossip lost.
 *
 * Nothing is verified here: commits and records are opaque bytes, checked by whoever applies them.
 *
 * @example
 *
 * ```ts
 * for await (const frame of node.services.ledger.ask(peer, { height: tip.height, have: records })) {
 *   if (frame.type === 'commit') await apply(frame.bytes)
 * }
 * ```
 */
import { LedgerService } from './service.ts'
import type { Judge } from '../common/conduct.ts'
import type { RegistrarLike, StreamOpenerLike } from '../common/components.ts'
import type { SealedRecord } from '../../src/federation/sealed.ts'
import type { AbortOptions, ComponentLogger, PeerId, Startable } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** The latest commit; at height 0 there is none yet, and `cid` is the federation's. */
export interface Head {
  height: number
  cid: CID
}

/** What this peer can tell others. */
export interface LedgerSource {
  federation: CID
  head(): Head | Promise<Head>
  /** Encoded commits of heights `fromHeight`…, ascending, at most `limit`. */
  commits(fromHeight: number, limit: number): AsyncIterable<Uint8Array>
  /** All records held for the height after the head, the most useful first: an answer may be cut. */
  records(): Iterable<SealedRecord>
}

export interface LedgerInit {
  source: LedgerSource
  /** A whole answer, given or got. Default 30 s. */
  answerTimeoutMs?: number
  /** From the opening of a stream to the end of the request. Default 5 s. */
  requestTimeoutMs?: number
  /** Default true: a ledger is small enough for a relay's limits. */
  runOnLimitedConnection?: boolean
  /** Told of who asks for too much, or for what nobody can read. */
  judge?: Judge
  /** For the rate limit. Default: the host's clock. */
  nowMs?: () => number
}

export interface LedgerComponents {
  registrar: RegistrarLike
  connectionManager: StreamOpenerLike
  logger: ComponentLogger
}

export interface LedgerQuestion {
  /** Of the asker's latest commit; 0: only the manifest. */
  height: number
  /** Records of the current height that need not be sent; only the first 4096 count. */
  have?: Iterable<Pick<SealedRecord, 'bytes'>>
  /** Bounds the answer, apart from its first commit or record. 0: only the head. Default 2 MiB, most 3 MiB. */
  maxBytes?: number
}

/** `head` comes first, `end` last; `more` says that the answer was cut, and to ask again. */
export type LedgerFrame =
  | ({ type: 'head' } & Head)
  | { type: 'commit'; bytes: Uint8Array }
  | { type: 'record'; record: SealedRecord }
  | { type: 'end'; more: boolean }

export type AskOptions = Pick<AbortOptions, 'signal'>

export interface LedgerProtocol extends Startable {
  /**
   * Ask for what is missing. Leaving the loop early ends the exchange.
   *
   * @throws {LedgerUnreachableError} no stream
   * @throws {RefusedError} with the other side's reason
   * @throws {LedgerTimeoutError} not whole in time
   * @throws {LedgerProtocolError} not an answer
   * @throws the signal's reason
   */
  ask(peer: PeerId, question: LedgerQuestion, options?: AskOptions): AsyncGenerator<LedgerFrame>
  /** How far a peer is. @throws as `ask` */
  head(peer: PeerId, options?: AskOptions): Promise<Head>
}

/** The service's factory, for libp2p's `services`, or called with stand-ins. */
export function ledger(init: LedgerInit): (components: LedgerComponents) => LedgerProtocol {
  return (components) => new LedgerService(components, init)
}

export { DEFAULT_ANSWER_BYTES, LEDGER_PROTOCOL, MAX_ANSWER_BYTES, MAX_HAVE } from './constants.ts'
export { LedgerProtocolError, LedgerTimeoutError, LedgerUnreachableError } from './errors.ts'
export type { SealedRecord } from '../../src/federation/sealed.ts'
