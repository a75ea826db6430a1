/** A server optimizer that remembers: what it does travels with the model, and every vote stands for it. */
import { expect } from 'chai'
import { Bodies, InvalidProposalError } from '../../../peers/engine/height/bodies.ts'
import { ResultsCache } from '../../../peers/engine/height/results.ts'
import { rawCidOf } from '../../../src/federation/cbor.ts'
import { aggregationSchema } from '../../../src/federation/manifest/aggregation.ts'
import { updateType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { nextHeight } from '../../../src/rounds/index.ts'
import { Ledger } from '../../../src/state/index.ts'
import { floatsToBytes } from '../../../src/vectors.ts'
import { readerOf } from '../../aggregation/helpers.ts'
import { federation, member, founder, update } from '../../fuzz/samples.ts'
import { failure } from '../../helpers/failure.ts'
import { NO_CHANGE, someCid, someManifest, someTip } from '../../rounds/ledger.ts'
import { LENGTH, Swarm } from './swarm.ts'
import type { SwarmPeer } from './swarm.ts'
import type { BlockExchange } from '../../../peers/engine/components.ts'
import type { CommitBody, Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

const momentum = { name: 'momentum', learningRate: 0.5, momentum: 0.5, nesterov: true } as const
const aggregation = { serverOptimizer: momentum }

const tipOf = ({ engine }: SwarmPeer): LedgerTip => engine.snapshot().tip as LedgerTip
const commitAt = async ({ store }: SwarmPeer, height: number): Promise<string> =>
  String((await new Ledger(store).get(height))?.cid)
const state = (peer: SwarmPeer): string => String(tipOf(peer).body.optimizerState)
const settled = async (swarm: Swarm, peer: SwarmPeer): Promise<void> =>
  await swarm.until(peer, (snapshot) => snapshot.settled)

describe('a federation whose server optimizer remembers', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  const start = async (stop: number, options = {}): Promise<SwarmPeer[]> => {
    const rounds = { startMembers: 2, minContributors: 2, stop: { rounds: stop } }
    swarm = await new Swarm({ members: 2, manifest: { rounds, aggregation }, ...options }).start()
    return swarm.peers
  }

  it('computes the same by hand: two members, three rounds', async () => {
    const [a, b] = await start(3)
    await Promise.all([a, b].map((peer) => swarm.reached(peer, 3)))
    await settled(swarm, a)
    let [model, velocity] = [0, 0]
    for (const round of [1, 2, 3]) {
      // Members add 1·round and 2·round, of 10 and 20 samples; the first in the order of ids is added first.
      const [first, second] = a.id < b.id ? [1, 2] : [2, 1]
      const mean = Math.fround((first / 3) * first * round + (second / 3) * second * round)
      const v = 0.5 * velocity + mean
      model = Math.fround(model + 0.5 * (mean + 0.5 * v))
      velocity = Math.fround(v)
    }
    const filled = (value: number): Float32Array => new Float32Array(LENGTH).fill(value)
    expect(a.engine.vectors).to.deep.equal([filled(model), filled(velocity)])
    expect(state(a)).to.equal(String(await rawCidOf(floatsToBytes(filled(velocity)))))
    expect(state(b)).to.equal(state(a))
  })

  it('gives it to one that joins late, who makes the same commits from then on', async () => {
    const [a, b] = await start(1000)
    await swarm.reached(a, 3)
    const late = await swarm.add()
    await swarm.until(a, ({ tip }) => tip?.body.roster.some(({ peer }) => peer === late.id) === true)
    // From here on a quorum is the two of them: no vote would find another one had it another state.
    swarm.kill(b)
    const { round } = tipOf(a).body
    await Promise.all([a, late].map((peer) => swarm.reached(peer, round + 3)))
    const height = Math.min(tipOf(a).body.height, tipOf(late).body.height)
    expect(await commitAt(a, height)).to.equal(await commitAt(late, height))
    expect(state(late)).to.not.equal('null')
  })

  it('gives it to one that joins after the last round: commits that count nothing carry it on', async () => {
    const [a, b] = await start(2)
    await Promise.all([a, b].map((peer) => swarm.reached(peer, 2)))
    const before = tipOf(a).body
    const late = await swarm.add()
    await swarm.until(late, ({ tip }) => tip?.body.roster.some(({ peer }) => peer === late.id) === true)
    await settled(swarm, late)
    expect(tipOf(late).body.height).to.be.above(before.height)
    expect(state(late)).to.equal(String(before.optimizerState))
    expect(late.engine.vectors).to.deep.equal(a.engine.vectors)
    expect(late.engine.vectors).to.have.length(2)
  })

  it('keeps it on disk: one that restarts reads it there, with nobody to ask', async () => {
    const [a, b] = await start(2)
    await Promise.all([a, b].map((peer) => swarm.reached(peer, 2)))
    await settled(swarm, b)
    const { vectors } = b.engine
    for (const peer of [a, b]) swarm.kill(peer)
    const again = await swarm.revive(b)
    await settled(swarm, again)
    expect(again.engine.vectors).to.deep.equal(vectors)
    expect(vectors).to.have.length(2)
  })

  it('never prunes it while it is the one to go on from', async () => {
    const [a] = await start(4)
    const states: string[] = []
    a.engine.addEventListener('commit', ({ detail }) => states.push(String(detail.tip.body.optimizerState)))
    await swarm.reached(a, 4)
    const kept = swarm.kept.get(a.id) ?? []
    expect(kept).to.have.length(states.length)
    expect(states.filter((root) => root !== 'null')).to.have.length.at.least(4)
    for (const [i, root] of states.entries()) {
      if (root === 'null') continue
      expect(kept[i]).to.include(root)
      // The one before goes once this one is complete: with the next commit at the latest.
      if (i > 1) expect(kept[i]).to.not.include(states[i - 2])
    }
  })
})

describe('a federation of members that train by FedNova', () => {
  it('weighs updates by their steps, and lists their shares', async () => {
    const rounds = { startMembers: 2, minContributors: 2, stop: { rounds: 1 } }
    const training = { batchSize: 10, client: { name: 'fednova' } }
    const swarm = await new Swarm({ members: 2, manifest: { rounds, training } }).start()
    try {
      await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 1)))
      const [a, b] = swarm.peers
      await settled(swarm, a)
      // 10 and 20 samples: shares 1/3 and 2/3, one step and two, 5/3 in the mean. They add 1 and 2 to every weight.
      const factor = ((1 / 3) * 1 + (2 / 3) * 2) / 3
      for (const weight of a.engine.weights ?? []) expect(weight).to.be.closeTo(factor * 1 + factor * 2, 1e-6)
      expect(a.engine.weights).to.have.length(LENGTH)
      expect(tipOf(a).cid).to.deep.equal(tipOf(b).cid)
      const shares = tipOf(a).body.contributions.map(({ author, weight }) => [author, weight])
      expect(Object.fromEntries(shares)).to.deep.equal({ [a.id]: 1 / 3, [b.id]: 2 / 3 })
    } finally {
      swarm.stop()
    }
  })
})

/** What makes bodies of the second round of three members, with what two of them trained. */
async function secondRound(): Promise<{ bodies: Bodies; updates: Signed<Update>[]; stored: string[] }> {
  const manifest = { ...someManifest(), aggregation: aggregationSchema.parse(aggregation) }
  const moments = Float32Array.of(1, -1)
  const stored: string[] = []
  const keep = async (vector: Float32Array): Promise<CommitBody['model']> =>
    await rawCidOf(floatsToBytes(vector))
  const blocks = {
    hashModel: keep,
    putModel: async (vector: Float32Array) => {
      const root = await keep(vector)
      stored.push(String(root))
      return root
    }
  } as unknown as BlockExchange
  const roster = [founder, member].map(({ id }) => ({ peer: id, missed: 0 }))
  const body = { federation, round: 1, roster, optimizerState: await keep(moments), model: someCid(5) }
  const tip = { ...someTip({ body }), federation, manifest }
  const position = { tip, weights: Float32Array.of(3, 4), moments }
  const updates = await Promise.all(
    [founder, member].map(({ id, key }) =>
      seal(updateType, { ...update, federation, author: id, height: tip.body.height + 1, base: tip.cid }, key)
    )
  )
  const bodies = new Bodies({
    position,
    height: nextHeight(tip),
    updates: { hold: async (signed) => ({ signed, reader: () => readerOf(Float32Array.of(1, 2)) }) },
    results: new ResultsCache({
      position,
      blocks,
      signal: new AbortController().signal,
      stretch: 1,
      parts: [],
      shards: null
    }),
    membership: { proposeChange: async () => NO_CHANGE, checkChange: async () => NO_CHANGE },
    offences: () => [],
    now: () => tip.body.time
  })
  return { bodies, updates, stored }
}

describe('a commit with the state of a server optimizer', () => {
  it('is what follows from the one before, and stored with the model before it is a commit', async () => {
    const { bodies, updates, stored } = await secondRound()
    const known = await bodies.build(updates)
    expect(known?.results.moments).to.deep.equal(Float32Array.of(0.5 + 1, -0.5 + 2))
    expect(known?.results.weights).to.deep.equal(Float32Array.of(3 + 0.5 * 1.75, 4 + 0.5 * 2.75))
    await known?.results.stored()
    expect(stored).to.deep.equal([known?.body.model, known?.body.optimizerState].map(String))
  })

  it('is taken over from a committee: believed in its vectors, made again in all else', async () => {
    const { bodies, updates } = await secondRound()
    const known = await bodies.build(updates)
    if (known == null) throw new Error('there is nothing to commit')
    const { federation, height, contributions } = known.body
    const about = { federation, height, view: 0, validView: -1, updates: updates.map(({ bytes }) => bytes) }
    const vectors = { model: someCid(8), optimizerState: someCid(9) }
    const results = { ...known.results, ...vectors }
    const body = { ...known.body, ...vectors }
    expect((await bodies.adopt({ ...about, body }, results)).body).to.deep.equal(body)
    for (const [what, change] of Object.entries({
      roster: { roster: [] },
      evaluation: { evaluation: { loss: 0 } },
      contributions: { contributions: contributions.map((one) => ({ ...one, weight: 0.1 })) }
    })) {
      const proposal = { ...about, body: { ...body, ...change } }
      const error = await failure(bodies.adopt(proposal, results), InvalidProposalError)
      expect(error.message).to.include(`gives another ${what}`)
    }
  })

  it('is refused where that state is another one, or none', async () => {
    const { bodies, updates } = await secondRound()
    const known = await bodies.build(updates)
    if (known == null) throw new Error('there is nothing to commit')
    const { federation, height } = known.body
    const proposal = {
      federation,
      height,
      view: 0,
      validView: -1,
      updates: updates.map(({ bytes }) => bytes)
    }
    expect((await bodies.check({ ...proposal, body: known.body })).cid).to.deep.equal(known.cid)
    for (const optimizerState of [null, someCid(9), known.body.model]) {
      const body = { ...known.body, optimizerState }
      const error = await failure(bodies.check({ ...proposal, body }), InvalidProposalError)
      expect(error.message).to.include('gives another optimizerState')
    }
  })
})
