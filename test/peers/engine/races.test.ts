import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { joinType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { memoryStore } from '../../../src/state/index.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { engineClock, Swarm } from './swarm.ts'
import { pass } from './virtual.ts'
import type { OpenRecord } from '../../../peers/engine/records/records.ts'
import type { StateStore } from '../../../src/state/index.ts'
import type { SwarmOptions, SwarmPeer } from './swarm.ts'

const clock = new VirtualClock()

/** Let time pass, a little at a time, until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pass(clock, 20)
}

/** A disk that can be made to keep whoever looks for the votes of before a restart waiting. */
function gatedStore(): {
  store: StateStore
  close: () => void
  open: () => void
  waiting: () => number
  votes: string[]
} {
  const votes: string[] = []
  let gate: PromiseWithResolvers<void> | undefined
  let waiting = 0
  const inner = memoryStore({
    sync: async (writes) => {
      for (const { key, value } of writes) if (key.startsWith('votes/') && value != null) votes.push(key)
    }
  })
  const get = async (key: string): Promise<Uint8Array | undefined> => {
    if (gate != null && key.startsWith('votes/')) {
      waiting++
      await gate.promise
    }
    return await inner.get(key)
  }
  return {
    store: {
      get,
      entries: (prefix, options) => inner.entries(prefix, options),
      write: (writes) => inner.write(writes),
      close: () => inner.close()
    },
    close: () => void (gate = Promise.withResolvers<void>()),
    open: () => {
      gate?.resolve()
      gate = undefined
    },
    waiting: () => waiting,
    votes
  }
}

async function wishToJoin(swarm: Swarm): Promise<OpenRecord> {
  const key = await generateKeyPair('Ed25519')
  const member = peerIdFromPrivateKey(key).toString()
  const certificate = new TextEncoder().encode(member)
  const wish = { federation: swarm.federation, member, certificate, addresses: [], time: 1, ledgerHeight: 0 }
  return { kind: 'join', signed: await seal(joinType, wish, key) }
}

interface Settings extends Pick<SwarmOptions, 'load'> {
  /** Rounds. */
  stop?: number
}

const roundOf = ({ engine }: SwarmPeer): number => engine.snapshot().tip?.body.round ?? 0
const rosterSize = ({ engine }: SwarmPeer): number => engine.snapshot().tip?.body.roster.length ?? 0

describe('heights that follow each other', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  const createSwarm = (startMembers: number, { stop = 1000, load }: Settings = {}): Swarm =>
    new Swarm({
      clock: engineClock(clock),
      load,
      manifest: { rounds: { startMembers, minContributors: 2, stop: { rounds: stop } } }
    })

  it('casts no vote for one that is over while the next has not begun: it would be a vote in that one', async () => {
    swarm = createSwarm(100)
    const gated = gatedStore()
    const [a] = [await swarm.add(), await swarm.add()]
    const late = await swarm.add({
      key: await generateKeyPair('Ed25519'),
      store: gated.store,
      blocks: new Map()
    })
    await until(() => swarm.peers.every((peer) => rosterSize(peer) === 3))
    swarm.cut.add(late.id)
    swarm.connect()
    await swarm.add()
    await until(() => rosterSize(a) === 4)
    // It hears of the commit by catching up, with its machine waiting for something to agree on.
    gated.close()
    swarm.cut.delete(late.id)
    swarm.connect()
    await until(() => rosterSize(late) === 4 && gated.waiting() > 0)
    const before = gated.votes.length
    await late.engine.receive(await wishToJoin(swarm))
    for (let i = 0; i < 20; i++) await pass(clock, 200)
    expect(gated.votes.slice(before)).to.deep.equal([])
    gated.open()
    await until(() => rosterSize(late) === 5)
  })

  it('opens none that is over, though the model before it comes while the commits after it are taken in', async () => {
    const gate = Promise.withResolvers<void>()
    let waiting = 0
    const load = async (peer: string): Promise<void> => {
      if (peer !== swarm.peers.at(2)?.id) return
      waiting++
      await gate.promise
    }
    swarm = createSwarm(2, { load })
    const [a] = [await swarm.add(), await swarm.add()]
    await until(() => roundOf(a) > 0)
    const late = await swarm.add()
    await until(() => waiting > 0)
    swarm.cut.add(late.id)
    swarm.connect()
    const round = roundOf(a) + 5
    await until(() => roundOf(a) >= round)

    late.engine.addEventListener('commit', () => gate.resolve(), { once: true })
    const opened: number[] = []
    late.engine.addEventListener('round:start', ({ detail: { height } }) => {
      opened.push(height - (late.engine.snapshot().tip?.body.height ?? 0))
    })
    swarm.cut.delete(late.id)
    swarm.connect()
    await until(() => roundOf(late) > round + 2)
    expect(new Set(opened)).to.deep.equal(new Set([1]))
  })

  it('tells the end of the training once, though members still come', async () => {
    swarm = createSwarm(2, { stop: 1 })
    const [a] = [await swarm.add(), await swarm.add()]
    const ends: number[] = []
    a.engine.addEventListener('finished', ({ detail }) => ends.push(detail.tip.body.round))
    await until(() => ends.length > 0)
    await swarm.add()
    await until(() => rosterSize(a) === 3 && a.engine.snapshot().settled)
    await pass(clock, 200)
    expect(ends).to.deep.equal([1])
  })
})
