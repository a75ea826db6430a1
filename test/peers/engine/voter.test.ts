import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { Voter } from '../../../peers/engine/height/voter.ts'
import { cidOf, encode, toBlock } from '../../../src/federation/cbor.ts'
import { proposalType, voteType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { memoryStore, VoteLog } from '../../../src/state/index.ts'
import { Swarm } from './swarm.ts'
import type { SwarmPeer } from './swarm.ts'
import type { ProofSource } from '../../../peers/engine/height/voter.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { BodyInView, RoundEffect } from '../../../src/rounds/index.ts'
import type { StateStore, StateWrite } from '../../../src/state/index.ts'

const key = await generateKeyPair('Ed25519')
const federation: CID = (await toBlock('a federation')).cid

type VoteEffect = Extract<RoundEffect, { type: 'vote' }>

function precommit(view: number, locked: BodyInView, valid = locked): VoteEffect {
  return { type: 'vote', view, kind: 'precommit', body: locked.body, locked, valid }
}

/** A body of its own for each time, in a proposal. */
async function proposed(time: number): Promise<{ body: string; proposal: Uint8Array }> {
  const body: CommitBody = {
    federation,
    height: 1,
    round: 1,
    previous: federation,
    time,
    model: federation,
    optimizerState: null,
    contributions: [],
    evaluation: {},
    epsilon: null,
    roster: [],
    admissions: [],
    revocations: []
  }
  const proposal = { federation, height: 1, view: 0, body, validView: -1, updates: [] }
  const { bytes } = await seal(proposalType, proposal, key)
  return { body: (await cidOf(encode(body))).toString(), proposal: bytes }
}

const from = (
  proposalOf: ProofSource['proposalOf'],
  prevotesFor: ProofSource['prevotesFor'] = () => []
): ProofSource => ({ proposalOf, prevotesFor })

describe('what a peer writes down before it votes', () => {
  const log = new VoteLog(memoryStore())
  const voter = (height: number): Voter => new Voter({ federation, height, key, log })

  it('keeps the proposals of the lock and of the valid value, also over restarts, and no others', async () => {
    const [a, b, c] = await Promise.all([1, 2, 3].map(proposed))
    const known = new Map([a, b, c].map(({ body, proposal }) => [body, proposal]))
    const before = voter(1)
    for (const [view, { body }] of [a, b, c].entries())
      before.note(
        precommit(view, { body, view }),
        from((of) => known.get(of))
      )
    await before.write()
    expect((await voter(1).resume())?.proposals).to.deep.equal([c.proposal])
    // In its next life it votes nil before that proposal is here again.
    const after = voter(1)
    const said = await after.resume()
    const locked = said?.locked ?? null
    const effect = { type: 'vote', view: 3, kind: 'prevote', body: null, locked, valid: locked } as const
    after.note(
      effect,
      from(() => undefined)
    )
    await after.write()
    expect((await voter(1).resume())?.proposals).to.deep.equal([c.proposal])
  })

  it('keeps the proposal of a valid value that it is not locked on', async () => {
    const [a, b] = await Promise.all([1, 2].map(proposed))
    const known = new Map([a, b].map(({ body, proposal }) => [body, proposal]))
    const one = voter(2)
    one.note(
      precommit(1, { body: a.body, view: 1 }, { body: b.body, view: 0 }),
      from((of) => known.get(of))
    )
    await one.write()
    expect((await voter(2).resume())?.proposals).to.deep.equal([a.proposal, b.proposal])
  })

  it('keeps the prevotes that a lock rests on, also over restarts', async () => {
    const { body, proposal } = await proposed(1)
    const cid = CID.parse(body)
    const vote = { federation, height: 4, view: 2, kind: 'prevote' as const, body: cid }
    const { bytes } = await seal(voteType, vote, key)
    const before = voter(4)
    const locked = { body, view: 2 }
    before.note(
      precommit(2, locked),
      from(
        () => proposal,
        (at) => (at.view === 2 && at.body === body ? [bytes] : [])
      )
    )
    await before.write()
    const after = voter(4)
    expect((await after.resume())?.prevotes).to.deep.equal([bytes])
    // In its next life it votes before any prevote is here again.
    after.note(
      { type: 'vote', view: 3, kind: 'prevote', body: null, locked, valid: locked },
      from(() => undefined)
    )
    await after.write()
    expect((await voter(4).resume())?.prevotes).to.deep.equal([bytes])
  })

  it('is never overwritten by an older record, in whatever order the disk finishes', async () => {
    const finish: (() => void)[] = []
    const store = memoryStore({
      sync: async () => await new Promise<void>((resolve) => finish.push(resolve))
    })
    const slow = new VoteLog(store)
    const one = new Voter({ federation, height: 5, key, log: slow })
    const nil = { type: 'vote', kind: 'prevote', body: null, locked: null, valid: null } as const
    const nobody = from(() => undefined)
    one.note({ ...nil, view: 0 }, nobody)
    const first = one.write()
    one.note({ ...nil, view: 1 }, nobody)
    const second = one.write()
    let settled = 0
    for (const write of [first, second]) void write.then(() => settled++)
    while (settled < 2) {
      finish.pop()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const said = await new Voter({ federation, height: 5, key, log: slow }).resume()
    expect(said?.votes.map(({ view }) => view)).to.deep.equal([0, 1])
  })

  it('repeats what was on disk before a restart, and not what it is only about to write', async () => {
    const nil = { type: 'vote', kind: 'prevote', body: null, locked: null, valid: null } as const
    const nobody = from(() => undefined)
    const before = voter(6)
    before.note({ ...nil, view: 1 }, nobody)
    await before.write()
    const after = voter(6)
    await after.resume()
    after.note({ ...nil, view: 2 }, nobody)
    expect((await after.repeat()).map(({ value }) => value.view)).to.deep.equal([1])
  })

  it('stays small however long a height takes, and knows the view of the last vote and the votes of the lock', async () => {
    const { body, proposal } = await proposed(1)
    const one = voter(3)
    const locked = { body, view: 5 }
    one.note(
      precommit(5, locked),
      from(() => proposal)
    )
    for (let view = 6; view < 3000; view++) {
      for (const kind of ['prevote', 'precommit'] as const)
        one.note(
          { type: 'vote', view, kind, body: null, locked, valid: locked },
          from(() => proposal)
        )
    }
    await one.write()
    expect((await log.get(3))?.byteLength).to.be.lessThan(16 * 1024)
    const said = await voter(3).resume()
    expect(said?.view).to.equal(2999)
    expect(said?.votes[0]).to.deep.equal({ view: 5, kind: 'precommit', body })
    expect(said?.votes.at(-1)).to.deep.equal({ view: 2999, kind: 'precommit', body: null })
  })
})

describe('a full or broken disk', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  it('that cannot take a vote is tried again until it can, and said to be so once', async () => {
    const rounds = { startMembers: 2, minContributors: 2, stop: { rounds: 2 } }
    swarm = new Swarm({ members: 2, manifest: { rounds } })
    await swarm.add()
    let failures = 3
    const sync = async (writes: readonly StateWrite[]): Promise<void> => {
      const isVote = writes.some(({ key: name, value }) => name.startsWith('votes/') && value != null)
      if (isVote && swarm.peers[1].engine.snapshot().round === 1 && failures-- > 0) throw new Error('ENOSPC')
    }
    const full = await swarm.add({
      key: await generateKeyPair('Ed25519'),
      store: memoryStore({ sync }),
      blocks: new Map()
    })
    const errors: string[] = []
    full.engine.addEventListener('error', ({ detail }) => errors.push(detail.error.message))
    // Two members, both needed: without its vote nothing is ever agreed on.
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 2)))
    expect(failures).to.be.lessThan(0)
    expect(errors).to.have.length(1)
    expect(errors[0]).to.include('height').and.to.include('ENOSPC')
  })

  it('that takes nothing while the others go on is said once and for as long as it lasts, then all is caught up', async () => {
    const rounds = { startMembers: 3, minContributors: 2, stop: { rounds: 1000 } }
    swarm = await new Swarm({ members: 2, manifest: { rounds } }).start()
    const [other] = swarm.peers
    let isFull = false
    const sync = async (): Promise<void> => {
      if (isFull) throw new Error('ENOSPC')
    }
    const store = memoryStore({ sync })
    const full = await swarm.add({ key: await generateKeyPair('Ed25519'), store, blocks: new Map() })
    const errors: string[] = []
    full.engine.addEventListener('error', ({ detail }) => errors.push(detail.error.name))
    await swarm.reached(full, 1)
    isFull = true
    const { round } = full.engine.snapshot()
    await swarm.reached(other, round + 2)
    while (full.engine.snapshot().disk == null) await changed(full)
    expect(full.engine.snapshot().disk).to.equal('ENOSPC')
    isFull = false
    await swarm.reached(full, round + 4)
    expect(full.engine.snapshot().disk).to.equal(null)
    expect(new Set(errors)).to.deep.equal(new Set(['DiskError']))
    // At most a vote and a commit, each once.
    expect(errors.length).to.be.at.most(2)
  })

  async function changed({ engine }: SwarmPeer): Promise<void> {
    await new Promise((resolve) => engine.addEventListener('change', resolve, { once: true }))
  }

  /** A member alone agrees with itself: nobody else can help it on. */
  async function alone(
    store: StateStore,
    {
      blocks = new Map<string, Uint8Array>(),
      step
    }: { blocks?: Map<string, Uint8Array>; step?: () => number } = {}
  ): Promise<string[]> {
    const rounds = { startMembers: 1, minContributors: 1, stop: { rounds: 2 } }
    swarm = new Swarm({ members: 1, manifest: { rounds }, step })
    const errors: string[] = []
    const founder = await swarm.add()
    founder.engine.stop()
    const peer = await swarm.add({ key: founder.key, store, blocks })
    peer.engine.addEventListener('error', ({ detail }) => errors.push(detail.error.message))
    await swarm.reached(peer, 2)
    return errors
  }

  it('that cannot take a commit is tried again until it can, and said to be so once', async () => {
    let failures = 3
    const sync = async (writes: readonly StateWrite[]): Promise<void> => {
      if (writes.some((write) => write.key.startsWith('ledger/')) && failures-- > 0) throw new Error('ENOSPC')
    }
    const errors = await alone(memoryStore({ sync }))
    expect(failures).to.be.lessThan(0)
    expect(errors).to.have.length(1)
    expect(errors[0]).to.include('commit of height 1').and.to.include('ENOSPC')
  })

  it('that cannot take a model is tried again until it can', async () => {
    let failures = 4
    const full = new (class extends Map<string, Uint8Array> {
      override set(cid: string, bytes: Uint8Array): this {
        // With a step of one the first thing written is the update, and the only further ones are models.
        if (this.size > 0 && !this.has(cid) && failures-- > 0) throw new Error('ENOSPC')
        return super.set(cid, bytes)
      }
    })()
    await alone(memoryStore(), { blocks: full, step: () => 1 })
    expect(failures).to.be.lessThan(0)
  })

  it('that cannot say what was voted before a restart is asked again, and nothing is voted meanwhile', async () => {
    const store = memoryStore()
    let failures = 3
    const errors = await alone({
      async get(name) {
        if (name.startsWith('votes/') && failures-- > 0) throw new Error('EIO')
        return await store.get(name)
      },
      entries: (prefix, options) => store.entries(prefix, options),
      async write(writes) {
        expect(failures).to.be.lessThan(1)
        await store.write(writes)
      },
      close: () => store.close()
    })
    expect(errors).to.have.length(1)
    expect(errors[0]).to.include('silent').and.to.include('EIO')
  })

  it('or training that fails is tried again, and said to be so once a height', async () => {
    let failures = 2
    const step = (): number => {
      if (failures-- > 0) throw new Error('the thread crashed')
      return 1
    }
    const errors = await alone(memoryStore(), { step })
    expect(failures).to.be.lessThan(0)
    expect(errors).to.deep.equal(['the thread crashed'])
  })
})
