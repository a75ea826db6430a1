import { roundsTopic } from './constants.ts'
import { encodeMessage } from './message.ts'
import { Relaying } from './relaying.ts'
import { topicValidator } from './pubsub.ts'
import { Validator } from './validator.ts'
import type { OpenRecord, SealedRecord } from '../../src/federation/sealed.ts'
import type { GossipEvent, PubSubLike, PubSubMessage, Verdict } from './pubsub.ts'
import type { Rounds, RoundsComponents, RoundsInit } from './index.ts'
import type { Logger, PeerId } from '@libp2p/interface'

/** See the interface in index.ts. */
export class RoundsService implements Rounds {
  readonly topic: string
  readonly #pubsub: PubSubLike
  readonly #init: RoundsInit
  readonly #validator: Validator
  readonly #relaying: Relaying
  readonly #log: Logger
  /** Records between validation and delivery, by the message that carried them: each is opened once. */
  readonly #opened = new WeakMap<PubSubMessage, OpenRecord>()
  #started = false

  constructor({ pubsub, logger }: RoundsComponents, init: RoundsInit) {
    this.topic = roundsTopic(init.federation)
    this.#pubsub = pubsub
    this.#init = init
    this.#log = logger.forComponent('murmur:rounds')
    this.#relaying = new Relaying({ relay: pubsub, topic: this.topic, authors: init.authors })
    this.#validator = new Validator(init, this.#log.newScope('validator'))
  }

  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    this.#pubsub.topicValidators.set(this.topic, topicValidator(this.#validate))
    this.#pubsub.addEventListener('gossipsub:message', this.#deliver)
    this.#relaying.start()
    this.#pubsub.subscribe(this.topic)
  }

  async stop(): Promise<void> {
    if (!this.#started) return
    this.#started = false
    this.#relaying.stop()
    this.#pubsub.unsubscribe(this.topic)
    this.#pubsub.removeEventListener('gossipsub:message', this.#deliver)
    this.#pubsub.topicValidators.delete(this.topic)
  }

  async publish(record: SealedRecord): Promise<void> {
    const options = { allowPublishToZeroTopicPeers: true, ignoreDuplicatePublishError: true }
    const { recipients } = await this.#pubsub.publish(this.topic, encodeMessage(record), options)
    this.#log.trace('sent a %s to %d peers', record.kind, recipients.length)
  }

  #validate = async (peer: PeerId, message: PubSubMessage): Promise<Verdict> => {
    const { verdict, reason, record } = await this.#validator.judge(message.data, peer.toString())
    if (verdict === 'accept' && record != null) this.#opened.set(message, record)
    if (verdict === 'reject') this.#log('rejected a message from %p: %s', peer, reason)
    return verdict
  }

  #deliver = ({ detail: { propagationSource, msg } }: GossipEvent): void => {
    const record = this.#opened.get(msg)
    if (record == null) return
    this.#opened.delete(msg)
    try {
      this.#init.onRecord({ ...record, from: propagationSource.toString() })
    } catch (error) {
      // Thrown on, it would end the process: nobody can catch what an event's listener throws.
      this.#log.error('could not take in a %s: %e', record.kind, error)
    }
  }
}
