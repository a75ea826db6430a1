import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { Links } from '../../../peers/node/network/links.ts'
import { person } from '../../federation/world.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import type { LinksInit } from '../../../peers/node/network/links.ts'

const at = (port: number): string => `/ip4/192.0.2.7/tcp/${port}`
const LONG_MS = 600_000

describe('links to peers that somebody named', () => {
  let clock: VirtualClock
  let links: Links
  let ids: string[]
  /** Peer ids in the order in which they were dialled. */
  let dialled: string[]
  let connected: Set<string>
  /** The address that a dial gets through to; null: none. */
  let answering: string | null

  const dial = async (addresses: { toString(): string }[]): Promise<unknown> => {
    dialled.push(addresses[0].toString().split('/p2p/')[1])
    const remoteAddr = addresses.find((address) => address.toString().startsWith(`${answering}/`))
    if (remoteAddr == null) throw new Error('nothing listens there')
    return { remoteAddr }
  }

  const pass = async (ms: number, stepMs = 1_000): Promise<void> => {
    for (let passedMs = 0; passedMs <= ms; passedMs += stepMs) {
      clock.advance(passedMs === 0 ? 0 : stepMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  before(async () => {
    ids = await Promise.all(Array.from({ length: 140 }, async (_, i) => (await person(i + 10)).id))
  })

  beforeEach(async () => {
    clock = new VirtualClock()
    dialled = []
    connected = new Set()
    answering = null
    links = new Links({
      node: {
        dial,
        getConnections: (peerId: { toString(): string }) => (connected.has(peerId.toString()) ? [{}] : [])
      } as unknown as LinksInit['node'],
      self: (await person(1)).id,
      clock: { setTimer: (ms, callback) => clock.after(ms, callback) },
      log: defaultLogger().forComponent('murmur:test'),
      jitter: () => 0.5
    })
  })

  afterEach(() => links.stop())

  it('are tried a few times, then forgotten', async () => {
    links.hear(ids[0], [at(1)])
    await pass(LONG_MS)
    expect(dialled).to.have.length(5)
    expect(links.addresses(ids[0])).to.deep.equal([])
    expect(clock.pending).to.equal(0)
  })

  it('are forgotten as well when they answer, but never admit', async () => {
    answering = at(1)
    links.hear(ids[0], [at(1)])
    await pass(LONG_MS)
    expect(dialled).to.have.length(5)
  })

  it('are limited in number, however many are named', async () => {
    for (const id of ids) links.hear(id, [at(1)])
    await pass(0)
    expect(new Set(dialled).size).to.equal(128)
    await pass(LONG_MS)
    links.hear(ids[139], [at(1)])
    await pass(0)
    expect(dialled.at(-1)).to.equal(ids[139])
  })

  it('leave room for members, which are tried for ever', async () => {
    for (const id of ids.slice(0, 130)) links.hear(id, [at(1)])
    links.learn(ids[139], [at(1)])
    links.want(ids[139])
    await pass(LONG_MS)
    expect(dialled.filter((id) => id === ids[139]).length).to.be.above(10)
  })

  it('are kept once one was admitted', async () => {
    links.hear(ids[0], [at(1)])
    links.met(ids[0])
    await pass(LONG_MS)
    expect(dialled.length).to.be.above(10)
  })

  it('take no room where they cannot be dialled at all', async () => {
    for (const id of ids) links.hear(id, ['/garbage'])
    links.hear(ids[0], [at(1)])
    await pass(0)
    expect(dialled).to.deep.equal([ids[0]])
  })

  it('are not dialled again after they were dropped, whoever names them', async () => {
    links.want(ids[0])
    links.drop(ids[0])
    links.hear(ids[0], [at(1)])
    await pass(LONG_MS)
    expect(dialled).to.deep.equal([])
  })

  it('cannot have their true address pushed out by false ones', async () => {
    answering = at(7)
    links.hear(ids[0], [at(7)])
    await pass(0)
    connected.add(ids[0])
    links.met(ids[0])
    for (let port = 100; port < 200; port++) links.hear(ids[0], [at(port)])
    expect(links.addresses(ids[0])).to.have.length(16).and.include(at(7))
    expect(links.addresses(ids[0])[0]).to.equal(at(7))
  })

  it('keep a few addresses at which they were met, the latest first', async () => {
    links.want(ids[0])
    for (let port = 1; port <= 6; port++) {
      answering = at(port)
      links.learn(ids[0], [at(port)])
      await pass(60_000)
      links.met(ids[0])
    }
    for (let port = 100; port < 120; port++) links.hear(ids[0], [at(port)])
    expect(links.addresses(ids[0]).slice(0, 4)).to.deep.equal([at(6), at(5), at(4), at(3)])
  })
})
