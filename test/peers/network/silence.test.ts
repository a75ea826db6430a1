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
const TICK_MS = 100
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
  rtt: number | undefined = 1
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
  let patienceMs: number
  /** Who did not answer, as told. */
  let mute: string[][]

  const listener = {
    patienceMs: () => patienceMs,
    onMute: (peers: ReadonlySet<string>) => void mute.push([...peers])
  }

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
    mute = []
    patienceMs = 6_000
    watch = watching()
    watch.start(listener)
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

  it('keeps a fresh one that comes through after the old one ended: the other side was first to part', async () => {
    await pass(SILENT_MS)
    connections[0].abort(new Error('reset by the other side'))
    const fresh = await come(dials[0])
    await pass(1_000, fresh)
    expect(fresh.status).to.equal('open')
  })

  it('dials no further once the peer itself has come by a fresh one, and gives up both', async () => {
    const [old] = connections
    await pass(SILENT_MS)
    const another = new FakeConnection(peerId, 'inbound')
    connections.push(another)
    await pass(2 * TICK_MS, another)
    expect(dials.map(({ signal }) => signal.aborted)).to.deep.equal([true])
    expect(old.end).to.be.instanceOf(SilentConnectionError)
    expect(another.end).to.equal('closed')
  })

  it('leaves it to a dial that came through to give up the old one', async () => {
    const [old] = connections
    await pass(SILENT_MS)
    const fresh = await come(dials[0])
    await pass(TICK_MS, fresh)
    expect([old.status, fresh.status]).to.deep.equal(['open', 'open'])
    await pass(GRACE_MS, fresh)
    expect(old.end).to.be.instanceOf(SilentConnectionError)
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
    watch.start(listener)
    await pass(TICK_MS)
    expect(dials).to.have.length(0)
  })

  describe('tells who does not answer for as long as one is ready to wait', () => {
    beforeEach(() => (patienceMs = 1_000))

    it('and that it is there again as soon as it is heard', async () => {
      const [old] = connections
      await pass(1_000)
      expect(old.asked).to.equal(1)
      expect(mute).to.deep.equal([])
      await pass(TICK_MS)
      expect(mute).to.deep.equal([[peerId]])
      await pass(1_000)
      expect(mute).to.have.length(1)
      await pass(TICK_MS, old)
      expect(mute).to.deep.equal([[peerId], []])
      expect(dials).to.deep.equal([])
    })

    it('but not who answers when asked', async () => {
      for (let i = 0; i < 10; i++) {
        await pass(500)
        hear(connections[0])
        await pass(TICK_MS)
      }
      expect(mute).to.deep.equal([])
    })

    it('and has time to answer after it was asked, if nobody waited for it before', async () => {
      patienceMs = 60_000
      await pass(2_000)
      expect(connections[0].asked).to.equal(0)
      patienceMs = 1_000
      await pass(TICK_MS)
      expect(connections[0].asked).to.equal(1)
      await pass(500)
      expect(mute).to.deep.equal([])
      await pass(TICK_MS)
      expect(mute).to.deep.equal([[peerId]])
    })

    it('more patiently where packets travel long, and where much was sent before', async () => {
      connections[0].rtt = 201
      await pass(1_800)
      expect(mute).to.deep.equal([])
      await pass(TICK_MS)
      expect(mute).to.deep.equal([[peerId]])
      await pass(TICK_MS, connections[0])
      traffic.of(connections[0] as unknown as Connection).bytesOut += 1024 * 1024
      await pass(2_800)
      expect(mute).to.have.length(2)
      await pass(2 * TICK_MS)
      expect(mute).to.have.length(3)
    })

    it('not if another connection to it is heard, and not once it is disconnected', async () => {
      const another = new FakeConnection(peerId, 'inbound')
      connections.push(another)
      await pass(3_000, another)
      expect(mute).to.deep.equal([])
      await pass(1_100)
      expect(mute).to.deep.equal([[peerId]])
      connections = []
      await pass(TICK_MS)
      expect(mute).to.deep.equal([[peerId], []])
    })
  })

  it('tries one address after the other, first that at which it was reached', async () => {
    watch.stop()
    watch = watching(OTHER, REAL)
    watch.start(listener)
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
