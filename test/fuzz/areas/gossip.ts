/** protocols/rounds: what comes in by gossip, past the topic's validator. */
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromString } from '@libp2p/peer-id'
import { expect } from 'chai'
import fc from 'fast-check'
import { rounds, roundsTopic } from '../../../protocols/rounds/index.ts'
import { encode } from '../../../src/federation/cbor.ts'
import { recordKinds } from '../../../src/federation/records.ts'
import { FakePubSub } from '../../protocols/rounds/helpers.ts'
import { hostileCbor, nonsense } from '../arbitraries.ts'
import { fuzzed } from '../property.ts'
import { federation, founder, guest, member, signed, signedKinds, stranger } from '../samples.ts'
import { tally } from '../runs.ts'
import type { ReceivedRecord, Rounds } from '../../../protocols/rounds/index.ts'
import type { FuzzArea } from '../property.ts'

const members = [founder, member, guest].map(({ id }) => id)
const people = [founder, member, guest, stranger]
const topic = roundsTopic(federation)
const pubsub = new FakePubSub()
let service: Rounds
let nowMs = 0
let received: ReceivedRecord[] = []

const ofKinds = recordKinds.map((kind) => {
  const found = signedKinds.find(({ type }) => type.name === (kind === 'join' ? 'join request' : kind))
  if (found == null) throw new Error(`no samples of ${kind}`)
  return { kind, ...found }
})

/** A record of any content under anybody's signature, perhaps passed off as another kind. */
const sealed = fc
  .tuple(
    fc.constantFrom(...ofKinds),
    fc.constantFrom(...recordKinds),
    fc.boolean(),
    fc.constantFrom(...people),
    fc.boolean()
  )
  .chain(([{ type, payloads, kind, key }, other, isOther, who, isOwn]) =>
    hostileCbor(payloads).map(async (payload) => {
      const bytes = await signed(type, payload, isOwn ? key : who.key)
      return encode({ kind: isOther ? other : kind, bytes })
    })
  )
const envelopes = await Promise.all(
  ofKinds.map(async ({ kind, type, payloads, key }) =>
    encode({ kind, bytes: await signed(type, payloads[0], key) })
  )
)
const message = fc.oneof(
  { weight: 3, arbitrary: sealed },
  { weight: 1, arbitrary: fc.oneof(hostileCbor(envelopes), nonsense).map(async (bytes) => bytes) }
)

/** A verdict on each; and what is delivered is of this federation, by a member, of a height that is due. */
const judged = fuzzed('gossip messages', fc.tuple(message, fc.constantFrom(...people)), {
  shares: 5,
  judge: async ([made, from]) => {
    received = []
    nowMs += 1_000
    const verdict = await pubsub.receive(topic, await made, peerIdFromString(from.id))
    expect(verdict).to.be.oneOf(['accept', 'ignore', 'reject'])
    expect(received).to.have.length(verdict === 'accept' ? 1 : 0)
    for (const { signed: record } of received) {
      tally.accepted++
      expect(members).to.include(record.author)
      expect(record.value.federation.equals(federation)).to.equal(true)
      if ('height' in record.value) expect(record.value.height).to.be.within(1, 3)
    }
  }
})

export const gossip: FuzzArea = {
  name: 'gossip',
  properties: [judged],
  before: async () => {
    service = rounds({
      federation,
      isMember: (id) => members.includes(id),
      authors: () => [],
      heightOf: () => 1,
      onRecord: (record) => received.push(record),
      nowMs: () => nowMs
    })({ pubsub, logger: defaultLogger() })
    await service.start()
  },
  after: async () => await service.stop()
}
