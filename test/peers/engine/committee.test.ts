import { expect } from 'chai'
import { updateType, voteType } from '../../../src/federation/records.ts'
import { reopen } from '../../../src/federation/signed.ts'
import { isOnCommittee, nextHeight } from '../../../src/rounds/index.ts'
import { LENGTH, Swarm } from './swarm.ts'
import type { SwarmOptions, SwarmPeer } from './swarm.ts'
import type { WireRecord } from '../../../peers/engine/components.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

const MEMBERS = 20
const COMMITTEE = 5
const ROUNDS = 3
const DELTA_BYTES = 4 * LENGTH

/** Bytes of a peer before and after something. */
type Bytes = Pick<Swarm, 'askedBytes' | 'modelBytes'>

describe('members of which some at a time fetch the updates', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  const start = async (options: SwarmOptions = {}, members = MEMBERS): Promise<void> => {
    const rounds = {
      startMembers: members,
      minContributors: members,
      committee: COMMITTEE,
      stop: { rounds: ROUNDS }
    }
    swarm = await new Swarm({
      members,
      // No two alike, or one payload would be there as another.
      step: (member, round, weight) => 100 * member + 10 * round + weight,
      // However slow this machine is, no view ends by its time-out.
      proposeMs: 60_000,
      ...options,
      manifest: { rounds, ...options.manifest }
    }).start()
  }

  /** The round is committed, and everybody has its model. */
  const end = async (round = ROUNDS, peers = swarm.peers): Promise<void> => {
    await Promise.all(peers.map((peer) => swarm.reached(peer, round)))
    await Promise.all(
      peers.map((peer) => swarm.until(peer, ({ settled, tip }) => settled && (tip?.body.round ?? 0) >= round))
    )
  }

  const vectors = (peers: readonly SwarmPeer[] = swarm.peers): number[][][] =>
    peers.map(({ engine }) => engine.vectors.map((vector) => [...vector]))

  it('all come to the model that each would have come to alone', async () => {
    await start()
    await end()
    const samples = Array.from({ length: MEMBERS }, (_, i) => 10 * (i + 1))
    const total = samples.reduce((sum, count) => sum + count, 0)
    const expected = new Float32Array(LENGTH)
    for (let round = 1; round <= ROUNDS; round++) {
      for (let i = 0; i < LENGTH; i++) {
        const mean = samples.reduce((sum, count, k) => sum + (count / total) * (100 * k + 10 * round + i), 0)
        expected[i] += Math.fround(mean)
      }
    }
    for (const [model] of vectors()) expect(model).to.deep.equal([...expected])
  }).timeout(60_000)

  it('each fetch all updates where they are on the committee, and else one model', async () => {
    const bytes: Bytes[] = []
    const tips: LedgerTip[] = []
    const release = Array.from({ length: ROUNDS + 1 }, () => Promise.withResolvers<void>())
    await start({ hold: async (round) => await release[round - 1].promise })
    for (let round = 0; round <= ROUNDS; round++) {
      if (round > 0) await end(round)
      else await swarm.until(swarm.peers[0], ({ mode }) => mode === 'train')
      tips.push(swarm.peers[0].engine.tip as LedgerTip)
      bytes.push({ askedBytes: new Map(swarm.askedBytes), modelBytes: new Map(swarm.modelBytes) })
      release[round].resolve()
    }
    for (let round = 1; round <= ROUNDS; round++) {
      const height = nextHeight(tips[round - 1])
      const grown = (of: keyof Bytes, id: string): number =>
        (bytes[round][of].get(id) ?? 0) - (bytes[round - 1][of].get(id) ?? 0)
      for (const { id } of swarm.peers) {
        const isOn = isOnCommittee(height, id, 0)
        const others = (MEMBERS - 1) * DELTA_BYTES
        expect([grown('askedBytes', id), grown('modelBytes', id)]).to.deep.equal(
          isOn ? [others, 0] : [0, DELTA_BYTES]
        )
      }
    }
  }).timeout(60_000)

  it('encode by `auto` for as many receivers as a committee has', async () => {
    const codecs: string[] = []
    const isMuted = (_from: string, { kind, bytes }: WireRecord): boolean => {
      if (kind === 'update') codecs.push(reopen(updateType, bytes).codec)
      return false
    }
    // Five whole payloads leave in ten seconds, seven do not.
    const uplink = (): number => (COMMITTEE * DELTA_BYTES) / 10
    await start({ isMuted, uplink, manifest: { exchange: { codec: 'auto' } } }, 8)
    await end()
    expect(codecs).to.deep.equal(Array(8 * ROUNDS).fill('fp32'))
  }).timeout(60_000)

  it('all have the same moments, whoever has worked them out', async () => {
    const training = { client: { name: 'scaffold' }, work: { steps: 1 } }
    await start({ manifest: { training, aggregation: { serverOptimizer: { name: 'momentum' } } } }, 8)
    await end()
    const [first, ...others] = vectors()
    expect(first).to.have.length(2)
    for (const other of others) expect(other).to.deep.equal(first)
  }).timeout(60_000)

  it('have the result on disk before they vote for it, as the others take it from there', async () => {
    const disk = Promise.withResolvers<void>()
    const proposed = Promise.withResolvers<void>()
    const voted: string[] = []
    const trains = (): boolean => swarm.peers[0]?.engine.snapshot().mode === 'train'
    const isMuted = (from: string, { kind, bytes }: WireRecord): boolean => {
      if (trains() && kind === 'proposal') proposed.resolve()
      if (trains() && kind === 'vote' && reopen(voteType, bytes).body != null) voted.push(from)
      return false
    }
    await start({ isMuted, store: async () => await (trains() ? disk.promise : undefined) }, 6)
    await proposed.promise
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
    expect(voted).to.deep.equal([])
    disk.resolve()
    await end()
    expect(new Set(voted).size).to.equal(6)
  }).timeout(60_000)

  it('go on while a quorum of all is there, though all of a committee be gone', async () => {
    const rounds = { startMembers: 12, minContributors: 2, committee: COMMITTEE, stop: { rounds: 4 } }
    const deadline = { floorMs: 100, ceilingMs: 400, factor: 1 }
    await start({ manifest: { rounds: { ...rounds, deadline } }, proposeMs: 500 }, 12)
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 1)))
    const height = nextHeight(swarm.peers[0].engine.tip as LedgerTip)
    const gone = swarm.peers.filter(({ id }) => isOnCommittee(height, id, 0))
    for (const peer of gone) swarm.kill(peer)
    const left = swarm.peers.filter((peer) => !gone.includes(peer))
    await end(4, left)
    const [first, ...others] = vectors(left)
    for (const other of others) expect(other).to.deep.equal(first)
  }).timeout(60_000)

  it('give a late joiner the model like any other', async () => {
    await start({ manifest: { rounds: { startMembers: 6, minContributors: 2, committee: 4 } } }, 6)
    await swarm.reached(swarm.peers[0], 1)
    const late = await swarm.add()
    await swarm.until(late, ({ tip }) => tip?.body.roster.some(({ peer }) => peer === late.id) === true)
    const round = late.engine.tip?.body.round ?? 0
    await end(round + 2)
    expect(late.engine.tip?.body.round).to.be.at.least(round + 2)
  }).timeout(60_000)
})
