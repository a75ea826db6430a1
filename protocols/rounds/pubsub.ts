/** The least that is needed of gossipsub, so that a test passes a small stand-in. */
import type { Relay } from './relaying.ts'
import type { PeerId } from '@libp2p/interface'

/** The values of gossipsub's `TopicValidatorResult`. */
export type Verdict = 'accept' | 'ignore' | 'reject'

export interface PubSubMessage {
  topic: string
  data: Uint8Array
}

/** Gossipsub hands the very object that the validator saw to the listeners. */
export interface GossipEvent {
  detail: { propagationSource: PeerId; msg: PubSubMessage }
}

export interface PublishOptions {
  allowPublishToZeroTopicPeers?: boolean
  ignoreDuplicatePublishError?: boolean
}

/**
 * What it resolves to is a `Verdict`. It is declared as nothing at all because gossipsub declares an enum, to which no
 * string is assignable, and the protocols do not depend on gossipsub.
 */
export type TopicValidator = (peer: PeerId, message: PubSubMessage) => Promise<never>

/** A validator as gossipsub's type wants it. */
export function topicValidator(
  judge: (peer: PeerId, message: PubSubMessage) => Promise<Verdict>
): TopicValidator {
  return judge as unknown as TopicValidator
}

export interface PubSubLike extends Relay {
  topicValidators: { set(topic: string, validator: TopicValidator): unknown; delete(topic: string): boolean }
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  publish(topic: string, data: Uint8Array, options?: PublishOptions): Promise<{ recipients: PeerId[] }>
  addEventListener(type: 'gossipsub:message', listener: (event: GossipEvent) => void): void
  addEventListener(type: 'gossipsub:heartbeat', listener: () => void): void
  removeEventListener(type: 'gossipsub:message', listener: (event: GossipEvent) => void): void
  removeEventListener(type: 'gossipsub:heartbeat', listener: () => void): void
}
