import { peerIdFromString } from '@libp2p/peer-id'
import { defaultLogger } from '@libp2p/logger'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { Traffic } from '../../../peers/node/network/counted.ts'
import { SilentConnectionError, SilenceWatch } from '../../../peers/node/network/silence.ts'
import { person } from '../../federation/world.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import type { SilenceInit } from '../../../peers/node/network/silence.ts'
import type { Connection, MessageStreamDirection, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

const REAL = '/ip4/192.0.2.7/tcp/4001'
const OTHER = '/ip4/192.0.2.7/tcp/4002'
/** Heard nothing for so long, and nothing after asking: silent. */
const SILENT_MS = 6_000
const TICK_MS = 500
const CONNECT_MS = 2_000
const ANSWER_MS = 10_000
const GRACE_MS = 250

/** A connection to the one other peer; how it fares is for the test to say. */
class FakeConnection {
  readonly timeline = { open: 0 }
  readonly remotePeer: PeerId
  readonly direction: MessageStreamDirection
  readonly remoteAddr = multiaddr(REAL)
  status = 'open'
  /** Streams that were opened to ask. */
  asked = 0
  /** How it ended. */
  end: Error | 'closed' | null = null

  constructor(peerId: string, direction: MessageStreamDirection = 'outbound') {
    this.remotePeer = peerIdFromString(peerId)
    this.direction = direction
  }

  async newStream(): Promise<{ close(): Promise<void> }> {
    this.asked++
    return { close: async () => {} }
  }

  abort(error: Error): void {
    Object.assign(this, { status: 'closed', end: error })
  }

  async close(): Promise<void> {
    Object.assign(this, { status: 'closed', end: 'closed' })
  }
}

interface Dial {
  address: string
  signal: AbortSignal
  /** The transport connected. */
  connected(): void
  through: PromiseWithResolvers<FakeConnection>
}

describe('the watch for connections that do not answer', () => {
  let clock: VirtualClock
  let traffic: Traffic
  let watch: SilenceWatch
  let peerId: string
  let connections: FakeConnection[]
  let dials: Dial[]

  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  /** Let time pass in ticks; each time something is heard from these. */
  const pass = async (ms: number, ...heard: FakeConnection[]): Promise<void> => {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      for (const connection of heard) hear(connection)
      clock.advance(Math.min(TICK_MS, ms - passed))
      await settle()
    }
  }

  const hear = (connection: FakeConnection): void => {
    traffic.of(connection as unknown as Connection).bytesIn++
  }

  /** A dial leads to a connection. */
  const come = async (dial: Dial): Promise<FakeConnection> => {
    const fresh = new FakeConnection(peerId)
    connections.push(fresh)
    dial.through.resolve(fresh)
    await settle()
    return fresh
  }

  const dial = async (
    address: Multiaddr,
    options: { signal: AbortSignal; force: boolean; onProgress(event: { type: string }): void }
  ): Promise<FakeConnection> => {
    expect(options.force).to.equal(true)
    const through = Promise.withResolvers<FakeConnection>()
    const connected = (): void => options.onProgress({ type: 'upgrader:encrypt-outbound-connection' })
    options.signal.addEventListener('abort', () => through.reject(options.signal.reason as Error))
    dials.push({ address: address.toString(), signal: options.signal, connected, through })
    return await through.promise
  }

  const watching = (...told: string[]): SilenceWatch =>
    new SilenceWatch({
      node: {
        getConnections: () => connections.filter(({ status }) => status === 'open'),
        dial
      } as unknown as SilenceInit['node'],
      links: { addresses: () => told },
      traffic,
      clock: { setTimer: (ms, callback) => clock.after(ms, callback) },
      log: defaultLogger().forComponent('murmur:test')
    })

  beforeEach(async () => {
    clock = new VirtualClock()
    traffic = new Traffic()
    peerId = (await person(2)).id
    connections = [new FakeConnection(peerId)]
    dials = []
    watch = watching()
    watch.start()
    await pass(TICK_MS)
  })

  afterEach(() => watch.stop())

  it('asks nothing of a connection on which something is heard', async () => {
    await pass(60_000, connections[0])
    expect(connections[0].asked).to.equal(0)
    expect(dials).to.deep.equal([])
  })

  it('asks once when nothing is heard, and leaves alone what answers', async () => {
    const [old] = connections
    for (let i = 0; i < 3; i++) {
      await pass(SILENT_MS / 2)
      expect(old.asked).to.equal(i + 1)
      await pass(SILENT_MS / 2 - TICK_MS)
      hear(old)
      await pass(TICK_MS)
    }
    expect(dials).to.deep.equal([])
    expect(old.status).to.equal('open')
  })

  it('dials beside one that does not answer, and gives up both once the fresh one is there', async () => {
    const [old] = connections
    await pass(SILENT_MS - TICK_MS)
    expect(dials).to.have.length(0)
    await pass(TICK_MS)
    expect(dials.map(({ address }) => address)).to.deep.equal([`${REAL}/p2p/${peerId}`])
    expect(old.status).to.equal('open')
    const fresh = await come(dials[0])
    clock.advance(GRACE_MS - 1)
    await settle()
    expect([old.status, fresh.status]).to.deep.equal(['open', 'open'])
    clock.advance(1)
    await settle()
    expect(old.end).to.be.instanceOf(SilentConnectionError)
    expect(fresh.end).to.equal('closed')
    await pass(60_000)
    expect(dials).to.have.length(1)
  })

  it('dials every two seconds while the network lets nobody through, and closes nothing', async () => {
    await pass(SILENT_MS + 20_000)
    expect(dials.length).to.be.within(8, 11)
    expect(dials.slice(0, -1).every(({ signal }) => signal.aborted)).to.equal(true)
    expect(connections[0].status).to.equal('open')
  })

  it('waits longer for one that is there and does not speak: stopped, not cut off', async () => {
    await pass(SILENT_MS)
    dials[0].connected()
    await pass(ANSWER_MS - TICK_MS)
    expect(dials).to.have.length(1)
    expect(dials[0].signal.aborted).to.equal(false)
    await pass(2 * TICK_MS)
    expect(dials[0].signal.aborted).to.equal(true)
    expect(dials).to.have.length(2)
    expect(connections[0].status).to.equal('open')
  })

  it('keeps the old one if it is heard as soon as the fresh one: the peer stood still, and goes on', async () => {
    const [old] = connections
    await pass(SILENT_MS)
    const fresh = await come(dials[0])
    hear(old)
    clock.advance(GRACE_MS)
    await settle()
    expect(old.status).to.equal('open')
    expect(fresh.end).to.equal('closed')
  })

  it('stops dialling when the old one is heard', async () => {
    await pass(SILENT_MS)
    await pass(TICK_MS, connections[0])
    expect(dials[0].signal.aborted).to.equal(true)
    await pass(SILENT_MS - TICK_MS)
    expect(dials).to.have.length(1)
  })

  it('closes what is left of a fresh one if the old one ends meanwhile, so that all begins anew', async () => {
    await pass(SILENT_MS)
    const fresh = await come(dials[0])
    connections[0].abort(new Error('reset by the other side'))
    clock.advance(GRACE_MS)
    await settle()
    expect(fresh.end).to.equal('closed')
  })

  it('gives up one that is silent beside another that the peer made itself', async () => {
    const [old] = connections
    const another = new FakeConnection(peerId, 'inbound')
    connections.push(another)
    await pass(SILENT_MS - TICK_MS, another)
    expect(old.status).to.equal('open')
    await pass(TICK_MS, another)
    expect(old.end).to.be.instanceOf(SilentConnectionError)
    expect(another.end).to.equal('closed')
    expect(dials).to.deep.equal([])
  })

  it('gives a line the time for what was sent to it before', async () => {
    traffic.of(connections[0] as unknown as Connection).bytesOut += 640 * 1024
    await pass(SILENT_MS + 9_500)
    expect(dials).to.have.length(0)
    await pass(1_000)
    expect(dials).to.have.length(1)
  })

  it('blames nobody for a time in which it stood still itself', async () => {
    await pass(SILENT_MS - 2 * TICK_MS)
    // A minute later by the clock, one tick later by its own work.
    watch.stop()
    clock.advance(60_000)
    watch.start()
    await pass(TICK_MS)
    expect(dials).to.have.length(0)
  })

  it('tries one address after the other, first that at which it was reached', async () => {
    watch.stop()
    watch = watching(OTHER, REAL)
    watch.start()
    await pass(SILENT_MS + 3 * CONNECT_MS)
    expect(dials.slice(0, 3).map(({ address }) => address)).to.deep.equal(
      [REAL, OTHER, REAL].map((address) => `${address}/p2p/${peerId}`)
    )
    connections = [new FakeConnection(peerId, 'inbound')]
    dials = []
    await pass(SILENT_MS + TICK_MS)
    expect(dials[0].address).to.equal(`${OTHER}/p2p/${peerId}`)
  })

  it('dials nobody of whom it does not know where it is', async () => {
    connections = [new FakeConnection(peerId, 'inbound')]
    await pass(60_000)
    expect(dials).to.deep.equal([])
    expect(connections[0].status).to.equal('open')
  })

  it('is over when stopped: no dial, no timer', async () => {
    await pass(SILENT_MS)
    watch.stop()
    await settle()
    expect(dials[0].signal.aborted).to.equal(true)
    expect(clock.pending).to.equal(0)
  })
})
