/** Members with keys, signed records, and a gossipsub that is only a validator and a listener. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { cidOf } from '../../../src/federation/cbor.ts'
import { joinType, updateType, voteType } from '../../../src/federation/records.ts'
import { revoke } from '../../../src/federation/revocation.ts'
import { seal } from '../../../src/federation/signed.ts'
import type {
  GossipEvent,
  PublishOptions,
  PubSubLike,
  TopicValidator
} from '../../../protocols/rounds/index.ts'
import type { Join, Update, Vote } from '../../../src/federation/records.ts'
import type { Revocation } from '../../../src/federation/revocation.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { PeerId, PrivateKey } from '@libp2p/interface'

export const federation = await cidOf(Uint8Array.of(1))
export const otherFederation = await cidOf(Uint8Array.of(2))

export interface Member {
  key: PrivateKey
  id: PeerId
}

export async function newMember(): Promise<Member> {
  const key = await generateKeyPair('Ed25519')
  return { key, id: peerIdFromPrivateKey(key) }
}

export async function update({ key, id }: Member, changes: Partial<Update> = {}): Promise<Signed<Update>> {
  const value: Update = {
    federation,
    author: id.toString(),
    height: 1,
    base: federation,
    samples: 10,
    metricsBefore: { loss: 2 },
    metricsAfter: { loss: 1 },
    codec: 'fp32',
    payload: federation,
    sizeBytes: 100,
    trainingMs: 5,
    ...changes
  }
  return await seal(updateType, value, key)
}

export async function vote({ key }: Member, changes: Partial<Vote> = {}): Promise<Signed<Vote>> {
  const value: Vote = { federation, height: 1, view: 0, kind: 'prevote', body: null, ...changes }
  return await seal(voteType, value, key)
}

export async function join({ key, id }: Member, changes: Partial<Join> = {}): Promise<Signed<Join>> {
  const value = {
    federation,
    member: id.toString(),
    certificate: new Uint8Array(100),
    addresses: [],
    time: 1,
    ledgerHeight: 0
  }
  return await seal(joinType, { ...value, ...changes }, key)
}

export async function revocation({ key, id }: Member): Promise<Signed<Revocation>> {
  return await revoke({ federation, target: { member: id.toString() }, reason: '', time: 1 }, key)
}

/** Delivers what its validator accepts, as gossipsub does. */
export class FakePubSub implements PubSubLike {
  topicValidators = new Map<string, TopicValidator>()
  subscriptions = new Set<string>()
  listeners = new Set<(event: GossipEvent) => void>()
  heartbeats = new Set<() => void>()
  /** Gossipsub's, by default. */
  opts = { D: 6, Dlo: 4, Dhi: 12 }
  subscribers: PeerId[] = []
  published: { topic: string; data: Uint8Array; options?: PublishOptions }[] = []

  subscribe(topic: string): void {
    this.subscriptions.add(topic)
  }

  unsubscribe(topic: string): void {
    this.subscriptions.delete(topic)
  }

  async publish(
    topic: string,
    data: Uint8Array,
    options?: PublishOptions
  ): Promise<{ recipients: PeerId[] }> {
    this.published.push({ topic, data, options })
    return { recipients: [] }
  }

  getSubscribers(): PeerId[] {
    return this.subscribers
  }

  addEventListener(type: string, listener: (event: GossipEvent) => void): void {
    this.#listeners(type).add(listener)
  }

  removeEventListener(type: string, listener: (event: GossipEvent) => void): void {
    this.#listeners(type).delete(listener)
  }

  heartbeat(): void {
    for (const listener of this.heartbeats) listener()
  }

  #listeners(type: string): Set<(event: GossipEvent) => void> {
    return type === 'gossipsub:heartbeat' ? (this.heartbeats as Set<() => void>) : this.listeners
  }

  /** A message comes in. Resolves with the validator's verdict. */
  async receive(topic: string, data: Uint8Array, from: PeerId): Promise<string | undefined> {
    const message = { topic, data }
    const verdict: string | undefined = await this.topicValidators.get(topic)?.(from, message)
    if (verdict === 'accept' || verdict == null) {
      for (const listener of this.listeners) listener({ detail: { propagationSource: from, msg: message } })
    }
    return verdict
  }
}
