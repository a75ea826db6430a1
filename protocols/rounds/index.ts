/**
 * Talking in rounds: signed records of a few hundred bytes, gossiped to all members on one topic.
 *
 * Each message is opened once, when gossipsub validates it: signature, schema, federation, author, height, repeats and
 * rate. What is not acceptable is neither delivered nor passed on, and what no honest peer would pass on counts
 * against whoever did. Own records are not delivered to oneself. What gossip loses the ledger protocol brings.
 *
 * @example
 *
 * ```ts
 * const topic = roundsTopic(federation)
 * const node = await createLibp2p({ services: { pubsub: gossipsub(gossipOptions(topic)), identify: identify() } })
 * const talk = rounds({ federation, isMember, heightOf, authors, onRecord })({ pubsub: node.services.pubsub, logger })
 * await talk.start() // after the node; stop() before it
 * await talk.publish({ kind: 'vote', bytes: signed.bytes })
 * ```
 */
import { RoundsService } from './rounds.ts'
import type { OpenRecord, SealedRecord } from '../../src/federation/sealed.ts'
import type { Judge } from '../common/conduct.ts'
import type { PubSubLike } from './pubsub.ts'
import type { Join } from '../../src/federation/records.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { ComponentLogger, Startable } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** A record that was opened, and the peer that passed it on (not always its author). */
export type ReceivedRecord = OpenRecord & { from: string }

export interface RoundsInit {
  federation: CID
  /** Whether this peer id is of a member, as far as is known here. */
  isMember(peerId: string): boolean
  /**
   * Whether this request to join may come from somebody who is not known as a member: its certificate holds. Default:
   * only known members may ask. Called for each such request, so it must be quick; it does not reject.
   */
  mayJoin?(join: Signed<Join>): boolean | Promise<boolean>
  /** The height being decided here: the latest commit's plus one. */
  heightOf(): number
  /** Those whose records matter in this height, this peer's own id left out: its roster. */
  authors(): Iterable<string>
  /** In the order of arrival. Must be quick: others get the message after it returns. */
  onRecord(record: ReceivedRecord): void
  /** A member speaks of a height so far ahead that its records are of no use: this peer has to catch up. */
  onAhead?(author: string, height: number): void
  /** Told of who passes on what it must not. */
  judge?: Judge
  /** For the rate limit, ms. Default: the host's clock. */
  nowMs?: () => number
}

export interface RoundsComponents {
  pubsub: PubSubLike
  logger: ComponentLogger
}

/** `start()` needs a started gossipsub; `stop()` comes before gossipsub's. */
export interface Rounds extends Startable {
  readonly topic: string
  /**
   * Send a record to all members. Resolves when it is written to those that are connected, even if there are none;
   * whether it arrives is the ledger protocol's concern.
   *
   * @throws {MessageTooLargeError} nothing that `seal()` made is
   */
  publish(record: SealedRecord): Promise<void>
}

/** The service's factory. */
export function rounds(init: RoundsInit): (components: RoundsComponents) => Rounds {
  return (components) => new RoundsService(components, init)
}

export { MAX_HEIGHTS_AHEAD, MAX_MESSAGE_BYTES, roundsTopic } from './constants.ts'
export { MessageTooLargeError } from './errors.ts'
export { gossipOptions } from './options.ts'
export type { OpenRecord, SealedRecord } from '../../src/federation/sealed.ts'
export type { RoundsGossipOptions, TopicScore } from './options.ts'
export type {
  GossipEvent,
  PublishOptions,
  PubSubLike,
  PubSubMessage,
  TopicValidator,
  Verdict
} from './pubsub.ts'
