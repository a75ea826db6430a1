import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import {
  MAX_HEIGHTS_AHEAD,
  MessageTooLargeError,
  rounds,
  roundsTopic
} from '../../../protocols/rounds/index.ts'
import { encode } from '../../../src/federation/cbor.ts'
import { proposalType } from '../../../src/federation/records.ts'
import { failure } from '../../helpers/failure.ts'
import {
  FakePubSub,
  federation,
  join,
  newMember,
  otherFederation,
  revocation,
  update,
  vote
} from './helpers.ts'
import type { ReceivedRecord, Rounds, RoundsInit } from '../../../protocols/rounds/index.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { RecordKind } from '../../../src/federation/records.ts'
import type { Member } from './helpers.ts'

const topic = roundsTopic(federation)

describe('rounds protocol', () => {
  let alice: Member
  let bob: Member
  let stranger: Member
  let pubsub: FakePubSub
  let service: Rounds
  let received: ReceivedRecord[]
  let ahead: [string, number][]
  let nowMs: number

  before(async () => {
    ;[alice, bob, stranger] = await Promise.all([newMember(), newMember(), newMember()])
  })

  beforeEach(async () => {
    await create()
  })

  async function create(changes: Partial<RoundsInit> = {}): Promise<void> {
    pubsub = new FakePubSub()
    received = []
    ahead = []
    nowMs = 0
    const members = [alice, bob].map(({ id }) => id.toString())
    const init: RoundsInit = {
      federation,
      isMember: (id) => members.includes(id),
      authors: () => [bob.id.toString()],
      heightOf: () => 1,
      onRecord: (record) => received.push(record),
      onAhead: (author, height) => ahead.push([author, height]),
      nowMs: () => nowMs,
      ...changes
    }
    service = rounds(init)({ pubsub, logger: defaultLogger() })
    await service.start()
  }

  const send = (kind: RecordKind, { bytes }: Pick<Signed<unknown>, 'bytes'>, from = bob) =>
    pubsub.receive(topic, encode({ kind, bytes }), from.id)

  describe('tells the judge', () => {
    const said: string[] = []
    const judge = {
      blame: (peer: string, offence: string) => void said.push(`${peer} ${offence}`),
      heard: (peer: string) => void said.push(`${peer} heard`)
    }
    beforeEach(async () => {
      said.length = 0
      await service.stop()
      await create({ judge })
    })

    it('of who passes on what it must not, and of who says something in order', async () => {
      await pubsub.receive(topic, new Uint8Array(50), bob.id)
      await send('vote', await vote(alice))
      expect(said).to.deep.equal([`${bob.id} unreadable`, `${bob.id} heard`])
    })

    it('of who floods, and not of who passes a flood on', async () => {
      for (let view = 0; view < 900; view++) await send('vote', await vote(alice, { view }), bob)
      expect(said.filter((one) => one.endsWith('flood'))).to.deep.equal([])
      for (let view = 900; view < 905; view++) await send('vote', await vote(alice, { view }), alice)
      expect(said.filter((one) => one.endsWith('flood'))).to.have.length(5)
    })
  })

  describe('delivers', () => {
    it('each kind of record as what it is, opened, with its author and who passed it on', async () => {
      const signed = {
        update: await update(alice),
        vote: await vote(alice),
        join: await join(alice),
        revocation: await revocation(alice)
      }
      for (const kind of ['update', 'vote', 'join', 'revocation'] as const) {
        expect(await send(kind, signed[kind])).to.equal('accept')
        const last = received.at(-1)
        expect(last?.kind).to.equal(kind)
        expect(last?.signed).to.deep.equal(signed[kind])
        expect(last?.from).to.equal(bob.id.toString())
      }
    })

    it('the votes of two members for the same, though their payloads are the same', async () => {
      const votes = [await vote(alice), await vote(bob)]
      expect(votes[0]?.cid).to.deep.equal(votes[1]?.cid)
      for (const signed of votes) expect(await send('vote', signed)).to.equal('accept')
      expect(received).to.have.length(2)
    })

    it('a record of the next heights, as its sender may just have committed', async () => {
      const height = 1 + MAX_HEIGHTS_AHEAD
      expect(await send('vote', await vote(alice, { height }))).to.equal('accept')
    })

    it('nothing twice from one message event', async () => {
      const message = { topic, data: encode({ kind: 'vote', bytes: (await vote(alice)).bytes }) }
      await pubsub.topicValidators.get(topic)?.(bob.id, message)
      for (const listener of pubsub.listeners) {
        listener({ detail: { propagationSource: bob.id, msg: message } })
        listener({ detail: { propagationSource: bob.id, msg: message } })
      }
      expect(received).to.have.length(1)
    })

    it('nothing of other topics', async () => {
      const { bytes } = await vote(alice)
      await pubsub.receive('/another/topic', encode({ kind: 'vote', bytes }), bob.id)
      expect(received).to.deep.equal([])
    })

    it('on, when the receiver of one record fails', async () => {
      let calls = 0
      await create({
        onRecord: () => {
          if (++calls === 1) throw new Error('not now')
        }
      })
      await send('vote', await vote(alice))
      await send('vote', await vote(bob))
      expect(calls).to.equal(2)
    })
  })

  describe('rejects', () => {
    afterEach(() => {
      expect(received).to.deep.equal([])
    })

    it('what is no message', async () => {
      const { bytes } = await vote(alice)
      for (const data of [
        new Uint8Array(0),
        Uint8Array.of(1, 2, 3),
        encode('vote'),
        encode({ kind: 'vote' }),
        encode({ kind: 'gossip', bytes }),
        encode({ kind: 'vote', bytes, more: 1 }),
        encode({ kind: 'vote', bytes: 'text' }),
        new Uint8Array(proposalType.maxBytes + 2048)
      ]) {
        expect(await pubsub.receive(topic, data, bob.id)).to.equal('reject')
      }
    })

    it('a record that was wrapped anew', async () => {
      // An unknown protobuf field (15, varint 0) makes another envelope of the same signature.
      const wrapped = Uint8Array.from([...(await vote(alice)).bytes, 0x78, 0x00])
      expect(await send('vote', { bytes: wrapped })).to.equal('reject')
    })

    it('a changed record, and one that is called another kind than it was signed as', async () => {
      const signed = await vote(alice)
      const changed = signed.bytes.slice()
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
      expect(await send('vote', { bytes: changed })).to.equal('reject')
      expect(await send('update', signed)).to.equal('reject')
    })

    it('records of another federation', async () => {
      expect(await send('vote', await vote(alice, { federation: otherFederation }))).to.equal('reject')
      expect(await send('join', await join(alice, { federation: otherFederation }))).to.equal('reject')
    })

    it('a request to join in the name of another', async () => {
      expect(await send('join', await join(alice, { member: bob.id.toString() }))).to.equal('reject')
    })

    it('a stranger’s records from a stranger', async () => {
      expect(await send('vote', await vote(stranger), stranger)).to.equal('reject')
    })
  })

  describe('ignores', () => {
    it('a stranger’s records from a member, who may know more', async () => {
      for (const [kind, signed] of [
        ['vote', await vote(stranger)],
        ['join', await join(stranger)],
        ['revocation', await revocation(stranger)]
      ] as const) {
        expect(await send(kind, signed)).to.equal('ignore')
      }
      expect(received).to.deep.equal([])
    })

    it('but not a request to join whose certificate holds', async () => {
      await create({ mayJoin: ({ author }) => author === stranger.id.toString() })
      expect(await send('join', await join(stranger))).to.equal('accept')
      expect(await send('vote', await vote(stranger))).to.equal('ignore')
    })

    it('what is decided already', async () => {
      await create({ heightOf: () => 5 })
      expect(await send('vote', await vote(alice, { height: 4 }))).to.equal('ignore')
      expect(ahead).to.deep.equal([])
    })

    it('what is far ahead, and says so', async () => {
      const height = 2 + MAX_HEIGHTS_AHEAD
      expect(await send('vote', await vote(alice, { height }))).to.equal('ignore')
      expect(ahead).to.deep.equal([[alice.id.toString(), height]])
    })

    it('a repeat', async () => {
      const signed = await vote(alice)
      expect(await send('vote', signed)).to.equal('accept')
      expect(await send('vote', signed)).to.equal('ignore')
      expect(received).to.have.length(1)
    })

    it('what is more than one member may send, until time has gone by', async () => {
      const verdicts = new Map<string, number>()
      for (let view = 0; view < 820; view++) {
        const verdict = (await send('vote', await vote(alice, { view }))) ?? ''
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
      }
      expect(Object.fromEntries(verdicts)).to.deep.equal({ accept: 800, ignore: 20 })
      expect(await send('vote', await vote(bob))).to.equal('accept')
      nowMs += 1000
      expect(await send('vote', await vote(alice, { view: 1000 }))).to.equal('accept')
    })
  })

  describe('publishes', () => {
    it('a kind and an envelope, also when nobody listens', async () => {
      const signed = await vote(alice)
      await service.publish({ kind: 'vote', bytes: signed.bytes })
      const [sent] = pubsub.published
      expect(sent?.topic).to.equal(topic)
      expect(sent?.data).to.deep.equal(encode({ kind: 'vote', bytes: signed.bytes }))
      expect(sent?.options?.allowPublishToZeroTopicPeers).to.equal(true)
    })

    it('nothing to itself', async () => {
      await service.publish({ kind: 'vote', bytes: (await vote(alice)).bytes })
      expect(received).to.deep.equal([])
    })

    it('nothing that others would not take', async () => {
      const bytes = new Uint8Array(proposalType.maxBytes + 2048)
      const error = await failure(service.publish({ kind: 'proposal', bytes }), MessageTooLargeError)
      expect(error.message).to.contain('2099')
      expect(pubsub.published).to.deep.equal([])
    })
  })

  describe('starts and stops', () => {
    it('once each, and leaves nothing behind', async () => {
      await service.start()
      expect([pubsub.subscriptions.size, pubsub.listeners.size, pubsub.topicValidators.size]).to.deep.equal([
        1, 1, 1
      ])
      await service.stop()
      await service.stop()
      expect([pubsub.subscriptions.size, pubsub.listeners.size, pubsub.topicValidators.size]).to.deep.equal([
        0, 0, 0
      ])
      await service.start()
      await send('vote', await vote(alice))
      expect(received).to.have.length(1)
    })
  })
})
