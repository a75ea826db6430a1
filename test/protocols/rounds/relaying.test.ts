import { expect } from 'chai'
import { Relaying } from '../../../protocols/rounds/relaying.ts'
import { FakePubSub, newMember } from './helpers.ts'
import type { Member } from './helpers.ts'

describe('relaying', () => {
  let pubsub: FakePubSub
  let relaying: Relaying
  let authors: Member[]
  const topic = 'topic'

  beforeEach(async () => {
    pubsub = new FakePubSub()
    authors = await Promise.all([newMember(), newMember()])
    relaying = new Relaying({ relay: pubsub, topic, authors: () => authors.map(({ id }) => id.toString()) })
    relaying.start()
  })

  afterEach(() => relaying.stop())

  it('asks for copies as long as an author is not connected', () => {
    pubsub.subscribers = [authors[0].id]
    for (let i = 0; i < 3; i++) pubsub.heartbeat()
    expect(pubsub.opts).to.deep.equal({ D: 6, Dlo: 4, Dhi: 12 })
  })

  it('lets go, once, whom it asked, when all are connected, and then serves those that ask', () => {
    pubsub.subscribers = authors.map(({ id }) => id)
    pubsub.heartbeat()
    expect(pubsub.opts).to.deep.equal({ D: 0, Dlo: 0, Dhi: 0 })
    for (let i = 0; i < 2; i++) {
      pubsub.heartbeat()
      expect(pubsub.opts).to.deep.equal({ D: 0, Dlo: 0, Dhi: 12 })
    }
  })

  it('asks again when a connection is lost, or an author is new', async () => {
    pubsub.subscribers = authors.map(({ id }) => id)
    for (let i = 0; i < 2; i++) pubsub.heartbeat()
    authors.push(await newMember())
    pubsub.heartbeat()
    expect(pubsub.opts.D).to.equal(6)
  })

  it('does nothing after it stopped', () => {
    relaying.stop()
    pubsub.subscribers = authors.map(({ id }) => id)
    pubsub.heartbeat()
    expect(pubsub.opts.D).to.equal(6)
  })

  it('says what is wrong with a gossipsub that it cannot tell', () => {
    const relay = Object.assign(new FakePubSub(), { opts: { D: 6 } })
    expect(() => new Relaying({ relay, topic, authors: () => [] })).to.throw(TypeError, 'opts.Dlo')
  })
})
