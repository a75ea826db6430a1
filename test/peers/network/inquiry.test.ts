import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { Contacts } from '../../../peers/node/network/contacts.ts'
import { Inquiry } from '../../../peers/node/network/inquiry.ts'
import { Links } from '../../../peers/node/network/links.ts'
import { world } from '../../federation/world.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { addressOf, dial, memberOf, Net, next, View } from '../../protocols/admission/net.ts'
import type { ContactsInit } from '../../../peers/node/network/contacts.ts'
import type { InquiryInit } from '../../../peers/node/network/inquiry.ts'
import type { KnownPeer } from '../../../protocols/admission/index.ts'
import type { TestNode } from '../../protocols/admission/net.ts'

const log = defaultLogger().forComponent('murmur:test')
const STRAY: KnownPeer = { peerId: 'stray', addresses: ['/ip4/192.0.2.7/tcp/4001'] }

describe('asking members whom they know', () => {
  let clock: VirtualClock
  let inquiry: Inquiry
  /** Who was asked, in order. */
  let asked: string[]
  let unplaced: string[]
  let heard: string[]
  /** What is answered. */
  let answer: (peerId: string) => Promise<KnownPeer[]>

  const asking = (...members: string[]): Inquiry =>
    new Inquiry({
      admission: {
        members: () => members.map((peerId) => ({ peerId })) as never,
        ask: async (peerId) => {
          asked.push(peerId.toString())
          return await answer(peerId.toString())
        }
      } satisfies InquiryInit['admission'],
      links: {
        unplaced: () => unplaced,
        hear: (peerId) => {
          heard.push(peerId)
          unplaced = unplaced.filter((stray) => stray !== peerId)
        }
      },
      clock: { setTimer: (ms, callback) => clock.after(ms, callback) },
      log
    })

  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  beforeEach(() => {
    clock = new VirtualClock()
    asked = []
    heard = []
    unplaced = [STRAY.peerId]
    answer = async () => []
  })

  afterEach(() => inquiry.stop())

  it('happens at once, of three at most, and is over once somebody knew', async () => {
    inquiry = asking('a', 'b', 'c', 'd')
    answer = async (peerId) => (peerId === 'b' ? [STRAY] : [])
    inquiry.begin()
    expect(asked).to.deep.equal(['a', 'b', 'c'])
    await settle()
    expect(heard).to.deep.equal([STRAY.peerId])
    clock.advance(600_000)
    expect(asked).to.have.length(3)
    expect(clock.pending).to.equal(0)
  })

  it('asks nobody while everybody is placed', () => {
    inquiry = asking('a')
    unplaced = []
    inquiry.begin()
    expect(asked).to.deep.equal([])
    expect(clock.pending).to.equal(0)
  })

  it('goes on to others, ever more seldom, and begins anew when the ledger names another', () => {
    inquiry = asking('a', 'b', 'c', 'd', 'e')
    inquiry.begin()
    clock.advance(500)
    expect(asked.slice(3)).to.deep.equal(['d', 'e', 'a'])
    clock.advance(999)
    expect(asked).to.have.length(6)
    clock.advance(1)
    expect(asked.slice(6)).to.deep.equal(['b', 'c', 'd'])
    clock.advance(3_600_000)
    const before = asked.length
    clock.advance(60_000)
    expect(asked).to.have.length(before + 3)
    inquiry.begin()
    clock.advance(500)
    expect(asked).to.have.length(before + 9)
  })

  it('gets over a member that cannot be asked, and over having none', async () => {
    inquiry = asking()
    inquiry.begin()
    clock.advance(500)
    expect(asked).to.deep.equal([])
    inquiry.stop()
    inquiry = asking('a', 'b')
    answer = async (peerId) => {
      if (peerId === 'a') throw new Error('gone')
      return [STRAY]
    }
    inquiry.begin()
    await settle()
    expect(heard).to.deep.equal([STRAY.peerId])
  })

  it('is over when stopped: nothing is asked, nothing that comes later is heard', async () => {
    inquiry = asking('a')
    answer = async () => [STRAY]
    inquiry.begin()
    inquiry.stop()
    await settle()
    inquiry.begin()
    clock.advance(600_000)
    expect(heard).to.deep.equal([])
    expect(asked).to.deep.equal(['a'])
    expect(clock.pending).to.equal(0)
  })
})

describe('two newcomers that were admitted in the same instant', () => {
  const net = new Net()
  const stops: (() => void)[] = []

  afterEach(async () => {
    for (const stop of stops.splice(0)) stop()
    await net.stop()
  })

  /** What a peer has around its node, without gossip. */
  const contactsOf = ({ libp2p, view, admission }: TestNode): Contacts => {
    const clock = { setTimer: (ms: number, callback: () => void) => new VirtualClock().after(ms, callback) }
    // Dials are timed, at once; whatever would come later never does.
    const soon = {
      setTimer: (ms: number, callback: () => void) => (ms > 0 ? () => {} : clearing(setImmediate(callback)))
    }
    const links = new Links({ node: libp2p, self: view.who.id, clock: soon, log, jitter: () => 0.5 })
    const contacts = new Contacts({
      node: libp2p as unknown as ContactsInit['node'],
      links,
      inquiry: new Inquiry({ admission, links, clock, log }),
      silence: { start: () => {}, stop: () => {} },
      bootstrap: [],
      remember: () => {},
      onMembers: () => {},
      patienceMs: () => 1_000,
      onMember: () => {},
      onHead: () => {},
      onRefused: () => {}
    })
    contacts.start()
    stops.push(() => contacts.stop())
    return contacts
  }

  it('find each other by the member both know as soon as the ledger names them, without any message of gossip', async () => {
    const w = await world({ invites: 'members' })
    const founder = await net.node(new View(w, w.founder))
    const people = [await memberOf(w, 2), await memberOf(w, 3)]
    const newcomers = [await net.node(new View(w, people[0])), await net.node(new View(w, people[1]))]
    const contacts = newcomers.map(contactsOf)
    // Neither was there when the founder told the other whom it knows.
    founder.view.peers = () => []
    for (const newcomer of newcomers) {
      const admitted = Promise.all([next(founder, 'member'), next(newcomer, 'member')])
      await dial(newcomer, w.founder)
      expect((await admitted)[1].peers).to.deep.equal([])
    }
    founder.view.peers = undefined
    const met = Promise.all(newcomers.map((newcomer) => next(newcomer, 'member')))
    for (const each of contacts) each.seek([w.founder.id, ...people.map(({ id }) => id)])
    expect((await met).map(({ peerId }) => peerId.toString())).to.deep.equal([people[1].id, people[0].id])
    expect(newcomers[0].libp2p.getConnections().map(({ remoteAddr }) => remoteAddr.toString())).to.include(
      addressOf(people[1])
    )
  })
})

function clearing(immediate: NodeJS.Immediate): () => void {
  return () => clearImmediate(immediate)
}
