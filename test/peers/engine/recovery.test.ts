import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { NoRecoveryError } from '../../../peers/engine/branches/index.ts'
import { joinType } from '../../../src/federation/records.ts'
import { signRecovery } from '../../../src/federation/recovery.ts'
import { seal } from '../../../src/federation/signed.ts'
import { Ledger } from '../../../src/state/index.ts'
import { failure } from '../../helpers/failure.ts'
import { Swarm } from './swarm.ts'
import type { SwarmPeer } from './swarm.ts'
import type { OpenRecord } from '../../../peers/engine/records/records.ts'
import type { Recovery } from '../../../src/federation/recovery.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

describe('a recovery, between engines', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  const tipOf = ({ engine }: SwarmPeer): LedgerTip => engine.snapshot().tip as LedgerTip
  const rosterOf = (peer: SwarmPeer): string[] => tipOf(peer).body.roster.map((entry) => entry.peer)
  const commitAt = async ({ store }: SwarmPeer, height: number): Promise<string | undefined> =>
    (await new Ledger(store).get(height))?.cid.toString()

  /** A member's wish to be in the roster, that knows the ledger as far as another. */
  const joinOf = async ({ id: member, key }: SwarmPeer, knower: SwarmPeer): Promise<OpenRecord> => {
    const certificate = new TextEncoder().encode(member)
    const ledgerHeight = tipOf(knower).body.height
    const join = { federation: swarm.federation, member, certificate, addresses: [], time: 1, ledgerHeight }
    return { kind: 'join', signed: await seal(joinType, join, key) }
  }

  /** Four members, two rounds; then, while all train for the third, only the first is left. */
  const lastOneLeft = async (options = {}): Promise<SwarmPeer[]> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const hold = async (round: number): Promise<void> => (round > 2 ? await promise : undefined)
    swarm = await new Swarm({ hold, ...options }).start()
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 2)))
    for (const peer of swarm.peers.slice(1)) swarm.kill(peer)
    resolve()
    return swarm.peers
  }

  const recover = async (peer: SwarmPeer, change: Partial<Recovery> = {}): Promise<LedgerTip> => {
    const base = tipOf(peer)
    const recovery = {
      federation: swarm.federation,
      base: { height: base.body.height, commit: base.cid },
      members: [peer.id],
      reason: 'the others burnt',
      time: base.body.time + 1,
      previous: null,
      ...change
    }
    await peer.engine.branches.recover(await signRecovery(recovery, peer))
    return base
  }

  it('lets the one that is left go on with newcomers, who follow by themselves', async () => {
    const serverOptimizer = { name: 'momentum' }
    const [a, ...gone] = await lastOneLeft({ manifest: { aggregation: { serverOptimizer } } })
    const { body } = await recover(a)
    const { height, round, model, optimizerState } = body
    expect(tipOf(a).body).to.deep.include({ height: height + 1, round, model, optimizerState })
    expect(optimizerState).to.not.equal(null)
    expect(rosterOf(a)).to.deep.equal([a.id])
    const newcomer = await swarm.add()
    await Promise.all([a, newcomer].map((peer) => swarm.reached(peer, body.round + 2)))
    expect(rosterOf(newcomer)).to.have.members([a.id, newcomer.id])
    expect(gone.map(({ id }) => id)).to.not.include.members(rosterOf(newcomer))
  })

  it('lets nobody in who asked before it: those that are gone would be waited for again', async () => {
    const [a, b, c] = await lastOneLeft()
    // What was passed on by others may come late, before the recovery or after it.
    await a.engine.receive(await joinOf(b, a))
    const late = await joinOf(c, a)
    await recover(a)
    await a.engine.receive(late)
    const newcomer = await swarm.add()
    const { height } = tipOf(a).body
    await swarm.until(a, ({ tip }) => (tip?.body.height ?? 0) > height)
    expect(rosterOf(a)).to.have.members([a.id, newcomer.id])
    await a.engine.receive(await joinOf(c, a))
    await swarm.until(a, ({ tip }) => tip?.body.roster.some(({ peer }) => peer === c.id) === true)
  })

  it('halts a member that returns until its operator agrees; then it asks to be let in again', async () => {
    const [a, b] = await lastOneLeft()
    await recover(a)
    const newcomer = await swarm.add()
    const { round } = tipOf(a).body
    await swarm.reached(newcomer, round + 1)
    const returned = await swarm.revive(b)
    await swarm.until(returned, ({ paused }) => paused)
    const [heard] = returned.engine.snapshot().recoveries
    expect(heard).to.include({ admin: a.id, reason: 'the others burnt', refused: false })
    expect(heard.members).to.deep.equal([a.id])
    const { height } = tipOf(returned).body
    await swarm.reached(a, tipOf(a).body.round + 2)
    expect(tipOf(returned).body.height).to.equal(height)
    await returned.engine.branches.follow()
    await swarm.until(a, ({ tip }) => tip?.body.roster.some(({ peer }) => peer === b.id) === true)
    const { round: after } = tipOf(a).body
    await swarm.reached(returned, after + 2)
    await swarm.reached(a, after + 2)
    const last = Math.min(tipOf(a).body.height, tipOf(returned).body.height)
    expect(await commitAt(returned, last)).to.equal(await commitAt(a, last))
    expect(returned.engine.snapshot().recoveries).to.deep.equal([])
  })

  it('keeps old members that hear of it from going on without it, quorum or not', async () => {
    const [a, b, c, d] = await lastOneLeft()
    await recover(a)
    const { height } = tipOf(b).body
    const old = await Promise.all([b, c, d].map((peer) => swarm.revive(peer)))
    await Promise.all(old.map((peer) => swarm.until(peer, ({ paused }) => paused)))
    const newcomer = await swarm.add()
    await swarm.reached(newcomer, tipOf(a).body.round + 3)
    for (const peer of old) expect(tipOf(peer).body.height).to.equal(height)
  })

  it('is remembered over a restart, also where nobody tells of it any more', async () => {
    const [a, b] = await lastOneLeft()
    await recover(a)
    const returned = await swarm.revive(b)
    await swarm.until(returned, ({ paused }) => paused)
    swarm.kill(returned)
    swarm.kill(a)
    const again = await swarm.revive(returned)
    expect(again.engine.snapshot()).to.include({ paused: true })
    await again.engine.branches.refuse()
    expect(again.engine.snapshot()).to.include({ paused: false })
    swarm.kill(again)
    const third = await swarm.revive(again)
    expect(third.engine.snapshot()).to.include({ paused: false })
    expect(third.engine.snapshot().recoveries.map(({ refused }) => refused)).to.deep.equal([true])
  })

  it('that is refused leaves the old members to go on as before', async () => {
    const [a, b, c, d] = await lastOneLeft()
    const base = await recover(a)
    const old = await Promise.all([b, c, d].map((peer) => swarm.revive(peer)))
    await Promise.all(old.map((peer) => swarm.until(peer, ({ paused }) => paused)))
    for (const peer of old) await peer.engine.branches.refuse()
    await Promise.all(old.map((peer) => swarm.reached(peer, base.body.round + 2)))
    const next = base.body.height + 1
    expect(await commitAt(b, next)).to.equal(await commitAt(c, next))
    expect(await commitAt(b, next)).to.not.equal(await commitAt(a, next))
  })

  it('is not followed by who has a later commit: both sides see where they part', async () => {
    swarm = await new Swarm().start()
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 2)))
    const [a, b, c, d] = swarm.peers
    swarm.kill(a)
    await swarm.reached(b, tipOf(a).body.round + 2)
    for (const peer of [b, c, d]) swarm.kill(peer)
    const left = await swarm.revive(a)
    const base = await recover(left)
    const newcomer = await swarm.add()
    await swarm.reached(newcomer, base.body.round + 1)
    const { cid } = tipOf(b)
    const returned = await swarm.revive(b)
    await swarm.until(returned, ({ forks }) => forks.some(({ peer }) => peer === a.id))
    const [fork] = returned.engine.snapshot().forks
    expect(fork).to.include({ height: base.body.height + 1, ownRecovery: false })
    expect(fork.recovery).to.include({ admin: a.id, reason: 'the others burnt' })
    // As the hello between two members tells.
    left.engine.branches.onHead(b.id, { height: tipOf(b).body.height, cid })
    await swarm.until(left, ({ forks }) => forks.some(({ peer }) => peer === b.id))
    expect(left.engine.snapshot().forks[0]).to.include({ recovery: null, ownRecovery: true })
    expect(String(tipOf(returned).cid)).to.equal(String(cid))
    expect(returned.engine.snapshot()).to.deep.include({ recoveries: [], paused: false })
  })

  it('is never chosen between two at one height: the operator must name one, and they exclude each other', async () => {
    const keys = await Promise.all([1, 2, 3, 4].map(() => generateKeyPair('Ed25519')))
    const admin = peerIdFromPrivateKey(keys[1]).toString()
    const [a, b, c] = await lastOneLeft({ keys, manifest: { membership: { admins: [admin] } } })
    await recover(a)
    swarm.kill(a)
    const second = await swarm.revive(b)
    await recover(second, { reason: 'mine' })
    const third = await swarm.revive(c)
    await swarm.until(third, ({ recoveries }) => recoveries.length === 1)
    await swarm.revive(a)
    await swarm.until(third, ({ recoveries }) => recoveries.length === 2)
    const error = await failure(third.engine.branches.follow(), NoRecoveryError)
    const [mine, other] = third.engine.snapshot().recoveries
    expect(error.message).to.include(mine.commit).and.to.include(other.commit)
    await third.engine.branches.follow(mine.commit)
    expect(String(tipOf(third).cid)).to.equal(mine.commit)
    expect(third.engine.snapshot().recoveries).to.deep.equal([])
  })

  it('holds only as its admin signed it: nobody else, no other base, no votes', async () => {
    const [a, b] = await lastOneLeft()
    const base = tipOf(a)
    const { height } = base.body
    await failure(recover({ ...a, id: b.id, key: b.key }), Error)
    await failure(recover(a, { base: { height: height - 1, commit: base.cid } }), Error)
    await failure(recover(a, { base: { height, commit: swarm.federation } }), Error)
    expect(tipOf(a).body.height).to.equal(height)
  })
})
