import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import { memoryStore } from '../../../src/state/index.ts'
import { Swarm } from './swarm.ts'
import type { StateStore } from '../../../src/state/index.ts'
import type { SwarmPeer } from './swarm.ts'

/** A disk on which looking for the votes of before a restart takes long: the others' records come meanwhile. */
function slowToResume(byMs: number): StateStore {
  const store = memoryStore()
  return {
    async get(key) {
      if (key.startsWith('votes/')) await new Promise((resolve) => setTimeout(resolve, byMs))
      return await store.get(key)
    },
    entries: (prefix, options) => store.entries(prefix, options),
    write: (writes) => store.write(writes),
    close: () => store.close()
  }
}

describe('a height that begins', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  it('loses nothing of what the others say of it before it has begun here', async () => {
    const rounds = { startMembers: 3, minContributors: 2, stop: { rounds: 5 } }
    swarm = await new Swarm({ members: 2, manifest: { rounds } }).start()
    const key = await generateKeyPair('Ed25519')
    const slow = await swarm.add({ key, store: slowToResume(50), blocks: new Map() })
    const views: number[] = []
    for (const { engine } of swarm.peers) {
      engine.addEventListener('view:change', ({ detail }) => views.push(detail.height))
    }
    await swarm.reached(slow, 5)
    // A lost proposal or vote shows as a view that fails.
    expect(views).to.deep.equal([])
    const { tip } = slow.engine.snapshot()
    expect(tip?.body.contributions.map(({ author }) => author)).to.have.length(3)
  })
})

/** Empty a store, and keep it so until the returned function fills it again. */
function loseAll(blocks: Map<string, Uint8Array>): () => void {
  const entries = [...blocks]
  blocks.clear()
  const put = blocks.set.bind(blocks)
  blocks.set = (cid, bytes) => (entries.push([cid, bytes]), blocks)
  return () => {
    blocks.set = put
    for (const [cid, bytes] of entries) blocks.set(cid, bytes)
  }
}

describe('a model that nobody can give', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  it('is asked for again, though no further commit comes', async () => {
    const rounds = { startMembers: 2, minContributors: 2, stop: { rounds: 2 } }
    swarm = await new Swarm({ members: 2, manifest: { rounds } }).start()
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 2)))
    const giveBack = swarm.peers.map(({ blocks }) => loseAll(blocks))
    const late = await swarm.add()
    await new Promise<void>((resolve) => {
      late.engine.addEventListener('commit', ({ detail: { tip } }) => {
        if (tip.body.roster.some(({ peer }) => peer === late.id)) resolve()
      })
    })
    while (!late.engine.snapshot().lacksModel) {
      await new Promise((resolve) => late.engine.addEventListener('change', resolve, { once: true }))
    }
    expect(late.engine.weights).to.equal(null)
    for (const give of giveBack) give()
    await new Promise<void>((resolve) => {
      late.engine.addEventListener('change', ({ detail }) => detail.settled && resolve())
    })
    expect(late.engine.weights).to.deep.equal(swarm.peers[0].engine.weights)
    expect(late.engine.snapshot().lacksModel).to.equal(false)
  })
})

describe('the last model that is complete', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  /** The third of three members falls behind while nobody can give a model any more; resolves once it has the commits. */
  async function fallBehind(
    part: (peer: SwarmPeer) => void,
    back: (peer: SwarmPeer) => Promise<SwarmPeer>
  ): Promise<{
    last: string
    kept: string[][]
  }> {
    const rounds = { startMembers: 3, minContributors: 2, maxMissed: 100, stop: { rounds: 6 } }
    swarm = await new Swarm({ members: 3, manifest: { rounds } }).start()
    const [a, b, c] = swarm.peers
    await swarm.reached(c, 2)
    while (c.engine.weights == null) {
      await new Promise((resolve) => c.engine.addEventListener('change', resolve, { once: true }))
    }
    part(c)
    const last = String(c.engine.snapshot().tip?.body.model)
    await Promise.all([a, b].map((peer) => swarm.reached(peer, 6)))
    for (const { id } of [a, b]) swarm.withheld.set(id, [c.id])
    swarm.kept.set(c.id, [])
    const returned = await back(c)
    await swarm.reached(returned, 6)
    return { last, kept: swarm.kept.get(c.id) ?? [] }
  }

  it('is kept while commits come whose model nobody gives', async () => {
    const { last, kept } = await fallBehind(
      ({ id }) => {
        swarm.cut.add(id)
        swarm.connect()
      },
      async (peer) => {
        swarm.cut.delete(peer.id)
        swarm.connect()
        return peer
      }
    )
    expect(kept.length).to.be.greaterThan(1)
    for (const roots of kept) expect(roots).to.include(last)
  })

  it('is kept by a peer that starts anew behind the others', async () => {
    const { last, kept } = await fallBehind(
      (peer) => swarm.kill(peer),
      (peer) => swarm.revive(peer)
    )
    expect(kept.length).to.be.greaterThan(1)
    for (const roots of kept) expect(roots).to.include(last)
  })
})
