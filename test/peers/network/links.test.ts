import { peerIdFromString } from '@libp2p/peer-id'
import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { TypedEventEmitter } from 'main-event'
import { dialable, naming } from '../../../peers/node/network/addresses.ts'
import { Contacts } from '../../../peers/node/network/contacts.ts'
import { Links } from '../../../peers/node/network/links.ts'
import { person } from '../../federation/world.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import type { ContactsInit } from '../../../peers/node/network/contacts.ts'
import type { LinksInit } from '../../../peers/node/network/links.ts'
import type { AdmissionEvents } from '../../../protocols/admission/index.ts'
import type { Libp2pEvents } from '@libp2p/interface'

/** What the links need of a node: it notes what is dialled, and is connected when the test says so. */
class FakeNode extends TypedEventEmitter<Libp2pEvents> {
  readonly dialled: string[][] = []
  readonly connected = new Set<string>()
  readonly services = { admission: new FakeAdmission() }

  /** What a dial leads to; default: it resolves, and there is no connection. */
  onDial: (() => Promise<void>) | null = null

  async dial<A extends { toString(): string }>(addresses: A[]): Promise<{ remoteAddr: A }> {
    this.dialled.push(addresses.map(String))
    await this.onDial?.()
    return { remoteAddr: addresses[0] }
  }

  getConnections(peerId: { toString(): string }): object[] {
    return this.connected.has(peerId.toString()) ? [{}] : []
  }
}

class FakeAdmission extends TypedEventEmitter<AdmissionEvents> {
  peers: { peerId: ReturnType<typeof peerIdFromString>; addresses: string[] }[] = []

  members(): FakeAdmission['peers'] {
    return this.peers
  }
}

const REAL = '/ip4/192.0.2.7/tcp/4001'

describe('addresses that others tell', () => {
  it('are kept where they name a peer that can be dialled, and dropped where not', async () => {
    const { id } = await person(2)
    const told = ['/garbage', `/garbage/p2p/${id}`, REAL, `${REAL}/p2p/${id}`, 'nonsense']
    expect(naming(told)).to.deep.equal([`${REAL}/p2p/${id}`])
    expect(dialable(told, id)).to.deep.equal([REAL, `${REAL}/p2p/${id}`])
    expect(dialable(told, (await person(3)).id)).to.deep.equal([REAL])
  })
})

describe('links to the other members', () => {
  let node: FakeNode
  let clock: VirtualClock
  let links: Links
  let peerId: string
  let other: string
  let jitter: number

  /** Let time pass in small steps, each followed by what it leads to. Returns when dials began, ms. */
  const dialsWithin = async (totalMs: number, stepMs = 10): Promise<number[]> => {
    const begun: number[] = []
    const startMs = clock.nowMs()
    for (let passedMs = 0; passedMs <= totalMs; passedMs += stepMs) {
      const before = node.dialled.length
      clock.advance(passedMs === 0 ? 0 : stepMs)
      await new Promise((resolve) => setImmediate(resolve))
      if (node.dialled.length > before) begun.push(clock.nowMs() - startMs)
    }
    return begun
  }

  beforeEach(async () => {
    node = new FakeNode()
    clock = new VirtualClock()
    peerId = (await person(2)).id
    other = (await person(3)).id
    links = new Links({
      node: node as unknown as LinksInit['node'],
      self: (await person(1)).id,
      clock: { setTimer: (ms, callback) => clock.after(ms, callback) },
      log: defaultLogger().forComponent('murmur:test'),
      jitter: () => jitter
    })
    jitter = 0.5
  })

  afterEach(() => links.stop())

  it('dials the addresses that make sense, whatever else somebody told', () => {
    links.learn(peerId, ['/garbage', `${REAL}/p2p/${other}`, '/ip4/999.0.0.1/tcp/1', REAL])
    links.want(peerId)
    clock.advance(0)
    expect(node.dialled).to.deep.equal([[`${REAL}/p2p/${peerId}`]])
    expect(links.addresses(peerId)).to.deep.equal([REAL])
  })

  it('waits twice as long after each dial that fails', async () => {
    node.onDial = () => Promise.reject(new Error('nothing listens there'))
    links.learn(peerId, [REAL])
    links.want(peerId)
    expect(await dialsWithin(8_000)).to.deep.equal([0, 250, 750, 1750, 3750, 7750])
  })

  it('never waits longer than half a minute, and half as long again with the worst jitter', async () => {
    links.learn(peerId, [REAL])
    links.want(peerId)
    await dialsWithin(120_000, 50)
    const evenly = await dialsWithin(120_000, 50)
    expect(evenly).to.have.length(4)
    jitter = 0.999
    await dialsWithin(60_000, 50)
    const begun = await dialsWithin(120_000, 50)
    for (const [i, at] of begun.slice(1).entries()) expect(at - begun[i]).to.be.within(44_000, 45_000)
  })

  it('spreads the retries by the jitter', async () => {
    jitter = 0
    links.learn(peerId, [REAL])
    links.want(peerId)
    expect(await dialsWithin(1_000)).to.deep.equal([0, 130, 380, 880])
  })

  it('dials neither itself, nor who is connected, nor who is not wanted', async () => {
    const self = (await person(1)).id
    links.learn(self, [REAL])
    links.want(self)
    links.learn(other, [REAL])
    node.connected.add(peerId)
    links.learn(peerId, [REAL])
    links.want(peerId)
    expect(await dialsWithin(2_000)).to.deep.equal([])
    expect(clock.pending).to.equal(0)
  })

  it('dials as soon as it learns where a wanted peer is, and anew when it learns more', async () => {
    links.want(peerId)
    expect(await dialsWithin(1_000)).to.deep.equal([])
    links.learn(peerId, [REAL])
    expect(await dialsWithin(5_000)).to.deep.equal([0, 250, 750, 1750, 3750])
    const moved = '/ip4/192.0.2.7/tcp/4002'
    links.learn(peerId, [moved])
    expect(await dialsWithin(800)).to.deep.equal([0, 250, 750])
    // The newest address is tried first.
    expect(node.dialled.at(-1)).to.deep.equal([`${moved}/p2p/${peerId}`, `${REAL}/p2p/${peerId}`])
    links.learn(peerId, [moved])
    expect(await dialsWithin(800)).to.deep.equal([])
  })

  it('dials a dropped peer no more, not even when its connection is lost', async () => {
    links.learn(peerId, [REAL])
    links.want(peerId)
    await dialsWithin(0)
    links.drop(peerId)
    links.lost(peerId)
    links.learn(peerId, ['/ip4/192.0.2.7/tcp/4002'])
    expect(await dialsWithin(60_000, 1_000)).to.deep.equal([])
    links.want(peerId)
    expect(await dialsWithin(0)).to.deep.equal([0])
  })

  it('forgets a drop during a dial as little', async () => {
    const dialling = Promise.withResolvers<void>()
    node.onDial = () => dialling.promise
    links.learn(peerId, [REAL])
    links.want(peerId)
    await dialsWithin(0)
    links.drop(peerId)
    dialling.resolve()
    expect(await dialsWithin(60_000, 1_000)).to.deep.equal([])
  })

  it('knows of whom nobody told where they are: members that are wanted, not connected, without an address', () => {
    links.want(peerId)
    links.want(other)
    links.learn(other, [REAL])
    expect(links.unplaced()).to.deep.equal([peerId])
    node.connected.add(peerId)
    expect(links.unplaced()).to.deep.equal([])
    node.connected.delete(peerId)
    links.drop(peerId)
    expect(links.unplaced()).to.deep.equal([])
  })

  it('dials one peer once at a time', async () => {
    node.onDial = () => new Promise(() => {})
    links.learn(peerId, [REAL])
    links.want(peerId)
    await dialsWithin(0)
    links.learn(peerId, ['/ip4/192.0.2.7/tcp/4002'])
    links.lost(peerId)
    expect(await dialsWithin(60_000, 1_000)).to.deep.equal([])
  })

  it('dials again soon after a connection was lost, with the back-off begun anew', async () => {
    links.learn(peerId, [REAL])
    links.want(peerId)
    await dialsWithin(20_000, 50)
    node.connected.add(peerId)
    links.met(peerId)
    expect(await dialsWithin(60_000, 1_000)).to.deep.equal([])
    node.connected.delete(peerId)
    links.lost(peerId)
    expect(await dialsWithin(2_000)).to.deep.equal([250, 750, 1750])
  })

  it('backs off from a peer that connects and hangs up at once', async () => {
    links.learn(peerId, [REAL])
    links.want(peerId)
    node.onDial = async () => {
      node.connected.add(peerId)
      setImmediate(() => {
        node.connected.delete(peerId)
        links.lost(peerId)
      })
    }
    expect((await dialsWithin(10_000)).length).to.be.within(4, 7)
  })

  it('is over when stopped: no dial, no timer', async () => {
    links.learn(peerId, [REAL])
    links.want(peerId)
    await dialsWithin(0)
    links.stop()
    expect(clock.pending).to.equal(0)
    links.want(other)
    links.learn(other, [REAL])
    links.lost(peerId)
    expect(await dialsWithin(60_000, 1_000)).to.deep.equal([])
  })

  describe('kept by contacts', () => {
    let remembered: string[]
    let contacts: Contacts
    /** All members connected, and those that answer, as told. */
    let told: [string[], string[]][]
    let tellMute: (peers: ReadonlySet<string>) => void

    beforeEach(() => {
      remembered = []
      told = []
      contacts = new Contacts({
        node: node as unknown as ContactsInit['node'],
        links,
        inquiry: { begin: () => {}, stop: () => {} },
        silence: { start: ({ onMute }) => void (tellMute = onMute), stop: () => {} },
        bootstrap: [],
        remember: (addresses) => (remembered = addresses),
        onMembers: (...members) => void told.push(members),
        patienceMs: () => 1_000,
        onMember: () => {},
        onHead: () => {},
        onRefused: () => {}
      })
      contacts.start()
    })

    afterEach(() => contacts.stop())

    it('remembers no address that could not be dialled at the next start', () => {
      const member = { peerId: peerIdFromString(peerId), addresses: ['/garbage', REAL] }
      node.services.admission.peers = [member]
      const detail = { ...member, certificate: new Uint8Array(), peers: [], head: null }
      node.services.admission.safeDispatchEvent('member', { detail })
      expect(remembered).to.deep.equal([`${REAL}/p2p/${peerId}`])
    })

    it('tells at once which of the members connected do not answer, and that they do again', () => {
      node.services.admission.peers = [peerId, other].map((id) => ({
        peerId: peerIdFromString(id),
        addresses: []
      }))
      tellMute(new Set([other]))
      tellMute(new Set())
      expect(told).to.deep.equal([
        [[peerId, other], [peerId]],
        [
          [peerId, other],
          [peerId, other]
        ]
      ])
    })

    it('dials again after a connection ended, though the peer was never admitted', () => {
      contacts.meet(peerId, [REAL])
      node.connected.add(peerId)
      clock.advance(60_000)
      expect(node.dialled).to.have.length(0)
      node.connected.delete(peerId)
      node.safeDispatchEvent('peer:disconnect', { detail: peerIdFromString(peerId) })
      clock.advance(250)
      expect(node.dialled).to.have.length(1)
    })
  })
})
