import { expect } from 'chai'
import { UnfitUpdateError } from '../../../peers/engine/height/train.ts'
import { LENGTH, Swarm } from './swarm.ts'
import type { EngineSnapshot } from '../../../peers/engine/events.ts'
import type { SwarmOptions } from './swarm.ts'

/** Of ten values and four members, two or three each: blocks of a value. */
const exchange = { topology: 'butterfly', blockSizeBytes: 4 } as const
const ROUNDS = 4
const DELTA_BYTES = 4 * LENGTH

describe('members that each reduce a part of the vector for all', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  const start = async (options: SwarmOptions = {}): Promise<void> => {
    const rounds = { startMembers: 4, minContributors: 2, stop: { rounds: ROUNDS } }
    swarm = await new Swarm({ exchange, manifest: { rounds }, ...options }).start()
  }

  const end = async (round = ROUNDS, peers = swarm.peers): Promise<void> => {
    await Promise.all(peers.map((peer) => swarm.reached(peer, round)))
    await Promise.all(
      peers.map((peer) => swarm.until(peer, ({ settled, tip }) => settled && (tip?.body.round ?? 0) >= round))
    )
  }

  const models = (peers = swarm.peers): Float32Array[] =>
    peers.map(({ engine }) => engine.weights ?? new Float32Array())

  it('come to the model that each would have come to alone', async () => {
    await start()
    await end()
    const mean = (10 * 1 + 20 * 2 + 30 * 3 + 40 * 4) / 100
    for (const weights of models()) {
      expect(weights).to.deep.equal(new Float32Array(LENGTH).fill(mean * (1 + 2 + 3 + 4)))
    }
  })

  it('fetch their own part of every update, and the other parts reduced', async () => {
    // No two alike, or one payload would be there as another.
    await start({ step: (member, round) => 10 * member + round })
    await end()
    const all = (of: Map<string, number>): number => [...of.values()].reduce((sum, one) => sum + one, 0)
    // Each round all members together ask for three others' part, which makes three whole updates.
    expect(all(swarm.askedBytes)).to.equal(ROUNDS * 3 * DELTA_BYTES)
    expect(all(swarm.given)).to.equal(ROUNDS * 4 * 3)
  })

  it('come to the moments that each would have come to alone, and send no more for them', async () => {
    const serverOptimizer = { name: 'adam', learningRate: 0.5 }
    const rounds = { startMembers: 4, minContributors: 4, stop: { rounds: ROUNDS } }
    const manifest = { rounds, aggregation: { serverOptimizer } }
    const step = (member: number, round: number): number => 10 * member + round
    await start({ manifest, step })
    await end()
    const [found] = swarm.peers.map(({ engine }) => engine.vectors)
    expect([...swarm.given.values()].reduce((sum, one) => sum + one, 0)).to.equal(ROUNDS * 4 * 3)
    const keys = swarm.peers.map(({ key }) => key)
    swarm.stop()
    swarm = await new Swarm({ manifest, step, keys }).start()
    await end()
    expect(found.map(({ length }) => length)).to.deep.equal([LENGTH, 2 * LENGTH])
    expect(swarm.peers[0].engine.vectors).to.deep.equal(found)
  })

  for (const client of [{ name: 'scaffold' }, { name: 'feddyn', alpha: 0.5 }]) {
    it(`come to the common control that each would have come to alone: ${client.name}`, async () => {
      const rounds = { startMembers: 4, minContributors: 4, stop: { rounds: ROUNDS } }
      const manifest = { rounds, training: { client, work: { steps: 3 }, learningRate: 0.1 } }
      const train: SwarmOptions['train'] = (member, { weights, control }) =>
        weights.map((weight, i) => member + i / 10 - weight / 4 - (control?.[i] ?? 0) / 8)
      await start({ manifest, train })
      await end()
      const [found] = swarm.peers.map(({ engine }) => engine.vectors)
      const keys = swarm.peers.map(({ key }) => key)
      swarm.stop()
      swarm = await new Swarm({ manifest, train, keys }).start()
      await end()
      expect(found[1].some((value) => value !== 0)).to.equal(true)
      expect(swarm.peers[0].engine.vectors).to.deep.equal(found)
    })
  }

  it('go on without one that dies, and do its part themselves', async () => {
    await start({ manifest: { rounds: { startMembers: 4, minContributors: 2, stop: { rounds: 12 } } } })
    await swarm.reached(swarm.peers[0], 3)
    swarm.kill(swarm.peers[2])
    const others = swarm.peers.filter((_, i) => i !== 2)
    await end(12, others)
    expect(new Set(models(others).map(String)).size).to.equal(1)
  })

  describe('where all have their own part of an update, and its author the rest', () => {
    const DIVIDED = 3
    const DYING = 2
    let failures: Error[]

    /** The last update of the round comes when that is so, and this has happened. */
    const divide = async (minContributors: number, then: () => void): Promise<void> => {
      failures = []
      const { promise, resolve } = Promise.withResolvers<void>()
      const rounds = { startMembers: 4, minContributors, stop: { rounds: ROUNDS } }
      await start({
        manifest: { rounds },
        // No two alike, nor parts of one, or one payload would be there as another.
        step: (member, round, i) => 100 * member + 10 * round + i,
        hold: async (round, member) => (round === DIVIDED && member === 0 ? await promise : undefined)
      })
      const { id } = swarm.peers[DYING]
      const others = swarm.peers.filter((peer) => peer.id !== id)
      for (const { engine } of others)
        engine.addEventListener('error', ({ detail }) => failures.push(detail.error))
      const isHeld = ({ round, updated }: EngineSnapshot): boolean =>
        round === DIVIDED && updated.includes(id)
      await Promise.all(others.map((peer) => swarm.until(peer, isHeld)))
      then()
      resolve()
    }

    it('go on without that update if its author dies', async () => {
      await divide(2, () => swarm.kill(swarm.peers[DYING]))
      const left = swarm.peers.filter((_, i) => i !== DYING)
      await end(ROUNDS, left)
      expect(new Set(models(left).map(String)).size).to.equal(1)
      expect(failures).to.deep.equal([])
    })

    it('count it as soon as they can have the rest', async () => {
      await divide(4, () =>
        swarm.withheld.set(
          swarm.peers[DYING].id,
          swarm.peers.map(({ id }) => id)
        )
      )
      await swarm.until(
        swarm.peers[1],
        ({ round, step, updated }) => round === DIVIDED && step !== 'collect' && updated.length === 3
      )
      swarm.withheld.clear()
      await end()
      expect(new Set(models().map(String)).size).to.equal(1)
      expect(failures).to.deep.equal([])
    }).timeout(30_000)
  })

  it('do the part of one that never says what it reduced', async () => {
    const muted = { id: '' }
    await start({ isMuted: (from, { kind }) => kind === 'shard' && from === muted.id })
    muted.id = swarm.peers[1].id
    await end()
    expect(new Set(models().map(String)).size).to.equal(1)
  }).timeout(30_000)

  it('do the part of one that does not give it', async () => {
    await start({ inlineBytes: DELTA_BYTES })
    const [first, ...others] = swarm.peers.map(({ id }) => id)
    swarm.withheld.set(first, others)
    await end()
    expect(new Set(models().map(String)).size).to.equal(1)
  }).timeout(30_000)

  it('say so, and send nothing, where training diverges: nobody else looks at all of an update', async () => {
    const failures: Error[] = []
    await start({ step: (member, round) => (member === 1 && round >= 2 ? Number.NaN : 1) })
    swarm.peers[1].engine.addEventListener('error', ({ detail }) => failures.push(detail.error))
    await end(ROUNDS)
    for (const weights of models()) for (const value of weights) expect(Number.isFinite(value)).to.equal(true)
    expect(failures[0]).to.be.instanceOf(UnfitUpdateError)
  }).timeout(30_000)
})
