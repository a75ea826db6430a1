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

  async dial(addresses: { toString(): string }[]): Promise<void> {
    this.dialled.push(addresses.map(String))
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

  beforeEach(async () => {
    node = new FakeNode()
    clock = new VirtualClock()
    peerId = (await person(2)).id
    other = (await person(3)).id
    links = new Links({
      node: node as unknown as LinksInit['node'],
      self: (await person(1)).id,
      clock: { now: () => clock.nowMs(), setTimer: (ms, callback) => clock.after(ms, callback) },
      log: defaultLogger().forComponent('murmur:test'),
      jitter: () => 0.5
    })
  })

  afterEach(() => links.stop())

  it('dials the addresses that make sense, whatever else somebody told', () => {
    links.learn(peerId, ['/garbage', `${REAL}/p2p/${other}`, '/ip4/999.0.0.1/tcp/1', REAL])
    links.want(peerId)
    clock.advance(0)
    expect(node.dialled).to.deep.equal([[`${REAL}/p2p/${peerId}`]])
    expect(links.addresses(peerId)).to.deep.equal([REAL])
  })

  describe('kept by contacts', () => {
    let remembered: string[]
    let contacts: Contacts

    beforeEach(() => {
      remembered = []
      contacts = new Contacts({
        node: node as unknown as ContactsInit['node'],
        links,
        bootstrap: [],
        remember: (addresses) => (remembered = addresses),
        onMembers: () => {},
        onMember: () => {},
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
