/** Own controls over crashes and commits, and a federation that trains by them. */
import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { OwnControls } from '../../../peers/engine/controls.ts'
import { cidOf, encode, rawCidOf } from '../../../src/federation/cbor.ts'
import { followedBy } from '../../../src/rounds/index.ts'
import { CountedLog, Ledger, memoryStore } from '../../../src/state/index.ts'
import { floatsFromBytes, floatsToBytes } from '../../../src/vectors.ts'
import { randomDelta } from '../../aggregation/helpers.ts'
import { someCid, somePeer, someTip } from '../../rounds/ledger.ts'
import { LENGTH, Swarm } from './swarm.ts'
import type { BlockExchange, Position } from '../../../peers/engine/components.ts'
import type { Contribution } from '../../../src/federation/records.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { StateStore } from '../../../src/state/index.ts'
import type { CID } from 'multiformats/cid'
import type { SwarmPeer } from './swarm.ts'

const log = defaultLogger().forComponent('murmur:test')

function openControls(state: StateStore, blocks: Map<string, Uint8Array>): OwnControls {
  const exchange = {
    putModel: async (vector: Float32Array) => {
      const cid = await rawCidOf(floatsToBytes(vector))
      blocks.set(cid.toString(), floatsToBytes(vector).slice())
      return cid
    },
    getModel: async (root: CID) => {
      const bytes = blocks.get(root.toString())
      if (bytes == null) throw new Error(`no ${root}`)
      return floatsFromBytes(bytes)
    }
  } as unknown as BlockExchange
  return new OwnControls({ state, blocks: exchange, log })
}

/** A peer's disk, and the commits that are told to have happened. */
class Disk {
  readonly state: StateStore = memoryStore()
  readonly blocks = new Map<string, Uint8Array>()
  readonly ledger = new Ledger(this.state)
  tip: LedgerTip

  constructor() {
    const tip = someTip({ body: { height: 0, round: 0 } })
    const training = { ...tip.manifest.training, client: { name: 'scaffold' as const } }
    this.tip = { ...tip, manifest: { ...tip.manifest, training } }
  }

  /** The peer as it is after a start. */
  async start(): Promise<OwnControls> {
    const controls = openControls(this.state, this.blocks)
    await controls.load()
    return controls
  }

  get position(): Position {
    return { tip: this.tip, weights: randomDelta(8, 1), moments: randomDelta(8, 2) }
  }

  /** A commit of the next height. */
  async commit(counted: Partial<Contribution>[], roster = this.tip.body.roster): Promise<void> {
    const { body } = this.tip
    const some = { author: somePeer(1), update: someCid(9), weight: 1, samples: 1 }
    const contributions = counted.map((one) => ({ ...some, ...one }))
    const next = { ...body, height: body.height + 1, contributions, roster }
    const cid = await cidOf(encode(next))
    await this.ledger.append({ height: next.height, cid, bytes: encode({ body: next, votes: [] }) })
    this.tip = followedBy(this.tip, { cid, body: next })
  }

  async own(controls: OwnControls): Promise<Float32Array | null | undefined> {
    return (await controls.at(this.position))?.own
  }

  /** Train for the next height. */
  async make(controls: OwnControls, seed: number): Promise<{ update: CID; control: Float32Array }> {
    const made = { update: someCid(seed), control: randomDelta(8, seed) }
    await controls.at(this.position)
    const { update, control: vector } = made
    await controls.keep({ height: this.tip.body.height + 1, update, vector })
    return made
  }
}

describe('own controls', () => {
  it('are zeros at first, then what followed from the update that counted last', async () => {
    const disk = new Disk()
    const controls = await disk.start()
    expect(await disk.own(controls)).to.equal(null)
    for (const seed of [11, 12, 13]) {
      const { update, control } = await disk.make(controls, seed)
      await disk.commit([{ update }])
      expect(await disk.own(controls)).to.deep.equal(control)
    }
  })

  it('come with the common one, the last of the moments', async () => {
    const disk = new Disk()
    const controls = await disk.start()
    const moments = randomDelta(16, 5)
    const found = await controls.at({ ...disk.position, moments })
    expect(found).to.deep.equal({ common: moments.slice(8), kept: 0, own: null })
  })

  it('stay what they were when an update was refused, came too late, or never got anywhere', async () => {
    for (const fate of [[], [{ refused: 'norm' as const }], [{ update: someCid(77) }]]) {
      const disk = new Disk()
      const controls = await disk.start()
      const first = await disk.make(controls, 11)
      await disk.commit([{ update: first.update }])
      const second = await disk.make(controls, 12)
      await disk.commit(fate.map((one) => ({ update: second.update, ...one })))
      expect(await disk.own(controls)).to.deep.equal(first.control)
    }
  })

  it('are right after a crash at any point: of two updates of one round, the one that counted', async () => {
    const disk = new Disk()
    const first = await disk.make(await disk.start(), 11)
    await disk.commit([{ update: first.update }])
    const before = await disk.make(await disk.start(), 12)
    const again = await disk.make(await disk.start(), 13)
    expect(await disk.own(await disk.start())).to.deep.equal(first.control)
    await disk.commit([{ update: before.update }])
    expect(await disk.own(await disk.start())).to.deep.equal(before.control)
    await disk.make(await disk.start(), 14)
    await disk.commit([])
    const late = await disk.start()
    expect(await disk.own(late)).to.deep.equal(before.control)
    expect(late.roots.map(String)).to.not.include(String(await rawCidOf(floatsToBytes(again.control))))
    expect(late.roots).to.have.length(1)
  })

  it('are zeros again once somebody has left, and good again after the next update', async () => {
    const disk = new Disk()
    const controls = await disk.start()
    const first = await disk.make(controls, 11)
    await disk.commit([{ update: first.update }], disk.tip.body.roster.slice(1))
    expect(await controls.at(disk.position)).to.deep.include({ kept: 0, own: null })
    const second = await disk.make(controls, 12)
    await disk.commit([{ update: second.update }])
    expect(await controls.at(disk.position)).to.deep.include({ kept: 1, own: second.control })
  })

  it('are zeros where the disk has lost them, and a bounded number of them is kept', async () => {
    const disk = new Disk()
    const controls = await disk.start()
    const first = await disk.make(controls, 11)
    await disk.commit([{ update: first.update }])
    for (let i = 0; i < 40; i++) await disk.make(controls, 100 + i)
    expect(controls.roots.length).to.be.at.most(17)
    expect(await disk.own(await disk.start())).to.deep.equal(first.control)
    disk.blocks.clear()
    expect(await disk.own(await disk.start())).to.equal(null)
  })

  it('are none by other algorithms', async () => {
    const disk = new Disk()
    const { training } = disk.tip.manifest
    const manifest = { ...disk.tip.manifest, training: { ...training, client: { name: 'fedavg' as const } } }
    const position = { ...disk.position, tip: { ...disk.tip, manifest } }
    expect(await (await disk.start()).at(position)).to.equal(null)
  })
})

for (const client of [{ name: 'scaffold' }, { name: 'feddyn', alpha: 0.5 }] as const) {
  describe(`a federation that trains by ${client.name}`, function () {
    this.timeout(20_000)
    const [RATE, STEPS, ROUNDS] = [0.1, 5, 16]
    /** Member i's loss is curvature / 2 · (w − target)². FedAvg comes to 1.66, the optimum of all is 2. */
    const CURVATURES = [1, 3, 0.5, 2]
    const TARGETS = [0, 4, -2, 1]
    const OPTIMUM = 2
    let swarm: Swarm

    afterEach(() => swarm.stop())

    const start = async (rounds: Record<string, unknown>, members = 4): Promise<readonly SwarmPeer[]> => {
      const training = { work: { steps: STEPS }, learningRate: RATE, client }
      const all = { startMembers: members, minContributors: 2, maxMissed: 1000, ...rounds }
      swarm = new Swarm({
        members,
        manifest: { training, rounds: all },
        train: (member, { weights, control }) =>
          weights.map((from, j) => {
            const added = (w: number): number =>
              client.name === 'feddyn' ? client.alpha * (w - from + (control?.[j] ?? 0)) : (control?.[j] ?? 0)
            let w = from
            for (let k = 0; k < STEPS; k++)
              w -= RATE * (CURVATURES[member] * (w - TARGETS[member]) + added(w))
            return w - from
          })
      })
      return (await swarm.start()).peers
    }

    const tipOf = ({ engine }: SwarmPeer): LedgerTip => engine.snapshot().tip as LedgerTip

    /** The first value of the common control, and of each member's own, after the last commit. */
    async function controls(): Promise<{ common: number; own: number[] }> {
      await Promise.all(swarm.peers.map((peer) => swarm.until(peer, ({ settled }) => settled)))
      const [weights, moments] = swarm.peers[0].engine.vectors
      const own = swarm.peers.map(async (peer) => {
        const kept = openControls(peer.store, peer.blocks)
        await kept.load()
        return (await kept.at({ tip: tipOf(peer), weights, moments }))?.own?.[0] ?? 0
      })
      return { common: moments[moments.length - LENGTH], own: await Promise.all(own) }
    }

    function expectMean({ common, own }: { common: number; own: number[] }): void {
      expect(common).to.be.closeTo(own.reduce((sum, value) => sum + value, 0) / own.length, 1e-5)
      for (const value of own) expect(Math.abs(value)).to.be.above(0.1)
    }

    it('finds what is best for all although a member dies in a round and returns', async () => {
      const [first, , third] = await start({ stop: { rounds: ROUNDS } })
      await swarm.reached(first, 3)
      swarm.kill(third)
      await swarm.reached(first, 5)
      await swarm.revive(third)
      await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, ROUNDS)))
      expectMean(await controls())
      expect(first.engine.weights?.[0]).to.be.closeTo(OPTIMUM, 0.05)
    })

    it('begins anew when a member leaves for good', async () => {
      const [first] = await start({ maxMissed: 2, stop: { rounds: ROUNDS } })
      await swarm.reached(first, 3)
      const [gone] = swarm.peers.splice(3, 1)
      gone.engine.stop()
      swarm.cut.add(gone.id)
      swarm.connect()
      await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, ROUNDS)))
      expect(tipOf(first).controls?.since).to.be.above(4)
      expectMean(await controls())
    })

    it('lets one that joins late, and one that was restarted, make the same commits', async () => {
      const [a, b] = await start({ stop: { rounds: 1000 } }, 2)
      await swarm.reached(a, 3)
      const late = await swarm.add()
      await swarm.until(a, ({ tip }) => tip?.body.roster.some(({ peer }) => peer === late.id) === true)
      swarm.kill(late)
      const again = await swarm.revive(late)
      // From here on a quorum is the two of them: no vote would find another one had it another control.
      swarm.kill(b)
      const { round } = tipOf(a).body
      await Promise.all([a, again].map((peer) => swarm.reached(peer, round + 4)))
      const height = Math.min(tipOf(a).body.height, tipOf(again).body.height)
      const commits = [a, again].map(async ({ store }) => String((await new Ledger(store).get(height))?.cid))
      expect(new Set(await Promise.all(commits))).to.have.length(1)
      expect(tipOf(again).controls?.members).to.have.length(3)
    })

    it('keeps its controls out of what is deleted', async () => {
      const [peer] = await start({ stop: { rounds: 1000 } })
      await swarm.reached(peer, 4)
      swarm.stop()
      const [made] = await new CountedLog(peer.store, 'controls').get()
      expect(swarm.kept.get(peer.id)?.at(-1)).to.include(String(made.vector))
    })
  })
}
