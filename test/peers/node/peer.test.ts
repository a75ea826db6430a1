import { expect } from 'chai'
import { NotAllowedError } from '../../../src/federation/errors.ts'
import { inviteId, parseInvite } from '../../../src/federation/invite.ts'
import { failure } from '../../helpers/failure.ts'
import { next, only, record, statusWhere } from './events.ts'
import { Federation, PARAMETERS } from './federation.ts'
import { deltaOf } from './trainer.ts'
import type { CommitSummary, Peer } from '../../../peers/node/index.ts'
import type { Told } from './events.ts'
import type { Member } from './federation.ts'

const ROUNDS = 10

async function ledgerOf(peer: Peer, range = {}): Promise<CommitSummary[]> {
  const commits: CommitSummary[] = []
  for await (const commit of peer.ledger(range)) commits.push(commit)
  return commits
}

describe('a federation of four peers', function () {
  this.timeout(60_000)
  let federation: Federation
  let told: Told[][]
  let last: CommitSummary[]

  before(async () => {
    federation = await Federation.found({ rounds: { startMembers: 4, stop: { rounds: ROUNDS } } })
    for (let i = 0; i < 3; i++) {
      // An invite names addresses, which a peer has once it is started.
      if (i === 0) await federation.founder.peer.start()
      await federation.join()
    }
    told = federation.peers.map(record)
    await Promise.all(federation.peers.slice(1).map((peer) => peer.start()))
    last = await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
    await Promise.all(federation.peers.map((peer) => statusWhere(peer, ({ phase }) => phase === 'finished')))
    await Promise.all(
      federation.peers.map((peer) =>
        statusWhere(peer, ({ ownEvaluation }) => ownEvaluation?.['loss'] !== 0.1)
      )
    )
  })

  after(() => federation.close())

  it('ends with one commit on all of them', () => {
    expect(new Set(last.map(({ cid }) => cid)).size).to.equal(1)
    for (const commit of last) expect(commit).to.deep.equal(last[0])
    expect(last[0]).to.include({ round: ROUNDS })
    expect(last[0].contributions.map(({ author }) => author)).to.have.members(
      federation.members.map(({ id }) => id)
    )
    expect(last[0].votes).to.be.at.least(3)
  })

  it('ends with the same model bit by bit, the weighted mean of what they trained', async () => {
    const [mine, ...others] = await Promise.all(federation.peers.map((peer) => peer.weights()))
    for (const weights of others)
      expect(Buffer.from(weights.buffer).equals(Buffer.from(mine.buffer))).to.equal(true)
    const expected = new Float64Array(PARAMETERS)
    for (const { round, contributions } of await ledgerOf(federation.peers[0])) {
      const samples = contributions.reduce((sum, one) => sum + one.samples, 0)
      for (const one of contributions) {
        const { index } = federation.members.find(({ id }) => id === one.author) as Member
        deltaOf(index, round, PARAMETERS).forEach(
          (value, i) => (expected[i] += (value * one.samples) / samples)
        )
      }
    }
    mine.forEach((value, i) => expect(value).to.be.closeTo(expected[i], 1e-3))
  })

  it('hands out copies of the weights', async () => {
    const weights = await federation.peers[1].weights()
    weights.fill(7)
    expect((await federation.peers[1].weights())[0]).to.not.equal(7)
  })

  it('keeps a ledger that is the same on all, from the first commit to the last', async () => {
    const ledgers = await Promise.all(federation.peers.map((peer) => ledgerOf(peer)))
    for (const ledger of ledgers) expect(withoutVotes(ledger)).to.deep.equal(withoutVotes(ledgers[0]))
    const [ledger] = ledgers
    expect(ledger.map(({ height }) => height)).to.deep.equal(ledger.map((_, i) => i + 1))
    expect(ledger.at(-1)?.cid).to.equal(last[0].cid)
    expect(ledger.flatMap(({ admitted }) => admitted)).to.have.members(
      federation.members.slice(1).map(({ id }) => id)
    )
    const trained = ledger.filter(({ round }, i) => round > (ledger[i - 1]?.round ?? 0))
    expect(trained.map(({ round }) => round)).to.deep.equal(Array.from({ length: ROUNDS }, (_, i) => i + 1))
  })

  it('gives a part of the ledger', async () => {
    const [peer] = federation.peers
    expect((await ledgerOf(peer, { from: 2, limit: 3 })).map(({ height }) => height)).to.deep.equal([2, 3, 4])
    expect((await ledgerOf(peer, { from: 0, limit: 1 })).map(({ height }) => height)).to.deep.equal([1])
    expect(await ledgerOf(peer, { from: 10_000 })).to.deep.equal([])
  })

  it('resolves waitForRound with the commit that completed the round, also afterwards', async () => {
    const ledger = await ledgerOf(federation.peers[0])
    const fifth = await federation.peers[0].waitForRound(5)
    expect(fifth).to.deep.equal(ledger.find(({ round }) => round === 5))
  })

  it('tells of every round in order: start, training, updates, commit, and the end once', () => {
    for (const [index, events] of told.entries()) {
      expect(only(events, 'error'), `peer ${index}`).to.deep.equal([])
      expect(only(events, 'update:refused')).to.deep.equal([])
      expect(only(events, 'member:refused')).to.deep.equal([])
      expect(only(events, 'round:start').map(({ round }) => round)).to.deep.equal(range(1, ROUNDS))
      expect(only(events, 'training:end').map(({ round }) => round)).to.deep.equal(range(1, ROUNDS))
      expect(only(events, 'finished')).to.have.length(1)
      expect(only(events, 'finished')[0]).to.include({ round: ROUNDS, commit: last[0].cid })
      for (let round = 1; round <= ROUNDS; round++) checkRound(events, round)
      const heights = only(events, 'commit').map(({ height }) => height)
      expect(heights).to.deep.equal(range(heights[0], last[0].height))
    }
  })

  it('tells who is connected', () => {
    for (const [index, events] of told.entries()) {
      const others = federation.members.filter((member) => member.index !== index).map(({ id }) => id)
      expect(only(events, 'member:connect').map(({ peerId }) => peerId)).to.have.members(others)
    }
  })

  it('passes through the phases of a round in their order', () => {
    for (const events of told.slice(1)) {
      const phases = only(events, 'phase').map(({ phase }) => phase)
      expect(phases).to.include.members(['waiting', 'training', 'agreeing', 'finished'])
      expect(phases.indexOf('waiting')).to.be.below(phases.indexOf('training'))
      expect(phases.at(-1)).to.equal('finished')
    }
  })

  it('says in its status that all is done', () => {
    for (const { peer, id, trainer } of federation.members) {
      const status = peer.status()
      expect(status).to.deep.include({
        peerId: id,
        federation: federation.manifest.cid.toString(),
        name: 'Drawn digits',
        phase: 'finished',
        waitingFor: null,
        height: last[0].height,
        commit: last[0].cid,
        round: ROUNDS,
        rounds: ROUNDS,
        etaMs: null,
        addresses: peer.addresses(),
        trainer: trainer.info
      })
      expect(status.evaluation).to.deep.equal(last[0].evaluation)
      expect(status.roundMs).to.be.above(0)
      expect(status.bytesIn).to.be.above(ROUNDS * 3 * PARAMETERS * 4)
      expect(status.bytesOut).to.be.above(ROUNDS * 3 * PARAMETERS * 4)
    }
  })

  it('lists the members with role, state and addresses', () => {
    const { members } = federation.peers[1].status()
    expect(members.map(({ peerId }) => peerId)).to.deep.equal(federation.members.map(({ id }) => id).sort())
    for (const member of members) {
      const { index, peer } = federation.members.find(({ id }) => id === member.peerId) as Member
      expect(member).to.deep.include({
        role: index === 0 ? 'founder' : 'member',
        self: index === 1,
        connected: true,
        inRoster: true,
        missed: 0
      })
      expect(member.addresses).to.include.members(peer.addresses())
    }
  })
})

/** Within one round: its start, then its training, then its commit; everybody's update exactly once in between. */
function checkRound(events: Told[], round: number): void {
  const at = (type: Told['type'], matches: (detail: never) => boolean): number =>
    events.findIndex((event) => event.type === type && matches(event.detail as never))
  const start = at('round:start', (detail: { round: number }) => detail.round === round)
  const progress = at('training:progress', (detail: { round: number }) => detail.round === round)
  const end = at('training:end', (detail: { round: number }) => detail.round === round)
  const commit = at('commit', (detail: { round: number }) => detail.round === round)
  expect([start, progress, end, commit]).to.deep.equal([start, progress, end, commit].sort((a, b) => a - b))
  expect(start).to.be.at.least(0)
  const { height } = events[commit].detail as CommitSummary
  const updates = only(events.slice(start, commit), 'update:accepted').filter(
    (update) => update.height === height
  )
  expect(new Set(updates.map(({ author }) => author)).size).to.equal(updates.length)
  expect(updates.length).to.be.at.least(2)
}

/** Each peer keeps the votes that it saw, of which a quorum is enough. */
function withoutVotes(ledger: CommitSummary[]): Omit<CommitSummary, 'votes'>[] {
  return ledger.map(({ votes: _, ...commit }) => commit)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

describe('a peer and its status', function () {
  this.timeout(60_000)
  let federation: Federation

  afterEach(() => federation.close())

  it('waits for members, alone', async () => {
    federation = await Federation.found({ rounds: { startMembers: 3 } })
    const { peer } = federation.founder
    expect(peer.status()).to.include({ height: 0, commit: null, round: 0, evaluation: null })
    await peer.start()
    const status = await statusWhere(peer, ({ phase }) => phase === 'waiting')
    expect(status.waitingFor).to.equal('2 more members: 1 of 3 are here')
    expect(status.members).to.have.length(1)
  })

  it('is connecting while nobody can be reached', async () => {
    federation = await Federation.found({ rounds: { startMembers: 2 } })
    await federation.founder.peer.start()
    const { peer } = await federation.join()
    await federation.founder.peer.stop()
    await peer.start()
    const { phase, waitingFor } = peer.status()
    expect(phase).to.equal('connecting')
    expect(waitingFor).to.equal('a connection to a member of the federation')
  })

  it('trains, then collects while others still train, and says when a quorum is missing', async () => {
    federation = await Federation.found({ rounds: { startMembers: 3, minContributors: 3 } })
    await federation.founder.peer.start()
    const [second, third] = [await federation.join(), await federation.join()]
    for (const { trainer } of federation.members) trainer.hold()
    await Promise.all([second.peer.start(), third.peer.start()])
    const { peer, trainer } = federation.founder
    await statusWhere(peer, ({ phase }) => phase === 'training')
    trainer.release()
    const isUpdated = (peerId: string): boolean =>
      peer.status().members.some((member) => member.peerId === peerId && member.updated)
    const status = await statusWhere(peer, ({ phase }) => phase === 'collecting' && isUpdated(peer.peerId))
    expect(status.waitingFor).to.equal(null)
    expect([second, third].map(({ id }) => isUpdated(id))).to.deep.equal([false, false])
    await Promise.all([second.peer.stop(), third.peer.stop()])
    const stuck = await statusWhere(peer, ({ waitingFor }) => waitingFor != null)
    expect(stuck.waitingFor).to.match(/^a quorum: 1 of 2 needed members are connected; missing /)
    expect(stuck.waitingFor).to.include(second.id).and.to.include(third.id)
    expect(stuck.members.map(({ connected }) => connected).sort()).to.deep.equal([false, false, true])
  })

  it('says that it is stopped', async () => {
    federation = await Federation.found()
    const { peer } = federation.founder
    await peer.start()
    const phase = next(peer, 'phase', (detail) => detail.phase === 'stopped')
    await peer.stop()
    expect(await phase).to.deep.equal({ phase: 'stopped', waitingFor: null })
    expect(peer.status().phase).to.equal('stopped')
  })

  it('stops early when the target is reached, and waitForRound() resolves with that commit', async () => {
    const target = { metric: 'loss' as const, value: 0.5 }
    federation = await Federation.of(2, { rounds: { stop: { rounds: 100, target } } })
    const commits = await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
    // The metric of round r is 1/r, and a commit tells of the model before it.
    expect(commits.map(({ round }) => round)).to.deep.equal([2, 2])
    await statusWhere(federation.peers[0], ({ phase }) => phase === 'finished')
    expect(await federation.peers[0].waitForRound()).to.deep.include({ round: 2 })
  })

  it('rejects what is waited for when the signal aborts, or when it stops', async () => {
    federation = await Federation.found()
    const { peer } = federation.founder
    await peer.start()
    const controller = new AbortController()
    const waiting = failure(peer.waitForRound(1, { signal: controller.signal }), Error)
    controller.abort(new Error('changed my mind'))
    expect((await waiting).message).to.equal('changed my mind')
    const stopped = failure(peer.waitForRound(1), Error)
    await peer.stop()
    expect((await stopped).name).to.equal('PeerStoppedError')
    expect((await failure(peer.waitForRound(1), Error)).name).to.equal('PeerStoppedError')
  })

  it('takes part without training', async () => {
    // A round that waited for its update would not be over before the test is.
    const deadline = { floorMs: 600_000, ceilingMs: 600_000, factor: 2 }
    federation = await Federation.found({ rounds: { startMembers: 3, stop: { rounds: 3 }, deadline } })
    await federation.founder.peer.start()
    const trained = await federation.join()
    const watching = await federation.join({ train: false })
    await Promise.all([trained.peer.start(), watching.peer.start()])
    const told = record(watching.peer)
    const commits = await Promise.all(federation.peers.map((peer) => peer.waitForRound(3)))
    expect(new Set(commits.map(({ cid }) => cid)).size).to.equal(1)
    expect(commits[0].contributions.map(({ author }) => author)).to.not.include(watching.id)
    expect(only(told, 'training:end')).to.deep.equal([])
  })
})

describe('inviting and revoking', function () {
  this.timeout(60_000)
  let federation: Federation

  afterEach(() => federation.close())

  it('makes invites that name its addresses, role, uses and expiry', async () => {
    federation = await Federation.found()
    const { peer } = federation.founder
    await peer.start()
    const before = Date.now()
    const { capability, addresses } = await parseInvite(
      await peer.invite({ role: 'admin', maxUses: 3, expiresInMs: 60_000 })
    )
    expect(addresses).to.deep.equal(peer.addresses())
    expect(capability.value).to.include({ role: 'admin', maxUses: 3 })
    expect(capability.value.expiresAt).to.be.within(before + 60_000, Date.now() + 60_000)
    const named = await parseInvite(await peer.invite({ addresses: ['/dns4/example.org/tcp/4001'] }))
    expect(named.addresses).to.deep.equal([`/dns4/example.org/tcp/4001/p2p/${peer.peerId}`])
    expect(named.capability.value).to.include({ role: 'member', maxUses: 1 })
  })

  it('makes none without an address, nor for whom the manifest does not let', async () => {
    federation = await Federation.found()
    const { peer } = federation.founder
    const error = await failure(peer.invite(), Error)
    expect(error.name).to.equal('NoAddressError')
    expect(error.message).to.include('start the peer first')
    await peer.start()
    const { peer: second } = await federation.join()
    await second.start()
    await failure(second.invite(), NotAllowedError)
  })

  it('lets a member invite where the manifest says so, and the invited one joins through it', async () => {
    federation = await Federation.of(2, {
      membership: { invites: 'members' },
      rounds: { stop: { rounds: 1000 } }
    })
    await federation.peers[1].waitForRound(1)
    const third = await federation.open(await federation.home(await federation.peers[1].invite()))
    const before = federation.peers[0].status().height
    await third.peer.start()
    const { height } = await next(third.peer, 'commit', ({ roster }) => roster.includes(third.id))
    // Of some 30 rounds a second. A newcomer that held unknown authors against its neighbours took hundreds.
    expect(height).to.be.below(before + 150)
  })

  it('makes an invite worthless', async () => {
    federation = await Federation.of(2, { rounds: { stop: { rounds: 1000 } } })
    const [founder] = federation.peers
    const text = await founder.invite()
    const home = await federation.home(text)
    const id = inviteId(await parseInvite(text))
    const committed = Promise.all(
      federation.peers.map((peer) => next(peer, 'commit', ({ revoked }) => revoked.includes(id)))
    )
    await founder.revoke({ invite: text })
    await committed
    const late = await federation.open(home)
    const refused = next(late.peer, 'member:refused')
    await late.peer.start()
    expect(await refused).to.deep.include({ peerId: federation.founder.id, code: 'revoked', local: false })
    expect((await refused).message).to.include('This invite was revoked')
  })

  it('carries two revocations that are asked for at once', async () => {
    federation = await Federation.of(2, { rounds: { stop: { rounds: 1000 } } })
    const [founder, second] = federation.peers
    const texts = await Promise.all([founder.invite(), founder.invite()])
    const ids = await Promise.all(texts.map(async (text) => inviteId(await parseInvite(text))))
    const committed = Promise.all(
      ids.map((id) => next(second, 'commit', ({ revoked }) => revoked.includes(id)))
    )
    await Promise.all([founder.revoke({ invite: texts[0] }), founder.revoke({ invite: ids[1] })])
    await committed
  })

  it('parts with a member, which is told why, and goes on without it', async () => {
    federation = await Federation.of(4, { rounds: { stop: { rounds: 1000 } } })
    const [founder, , , fourth] = federation.members
    await founder.peer.waitForRound(2)
    const told = record(fourth.peer)
    const commit = next(founder.peer, 'commit', ({ revoked }) => revoked.includes(fourth.id))
    await founder.peer.revoke({ peerId: fourth.id })
    const { round, roster } = await commit
    expect(roster).to.not.include(fourth.id)
    await statusWhere(fourth.peer, ({ members }) =>
      members.every(({ self, connected }) => self || !connected)
    )
    expect(only(told, 'member:refused').map(({ code }) => code)).to.include('revoked')
    const later = await founder.peer.waitForRound(round + 3)
    expect(later.contributions.map(({ author }) => author)).to.not.include(fourth.id)
    expect(founder.peer.status().members.map(({ peerId }) => peerId)).to.not.include(fourth.id)
  })

  it('says no to revoking by a member, of the founder, and of nonsense', async () => {
    federation = await Federation.of(2)
    const [founder, second] = federation.members
    await failure(second.peer.revoke({ peerId: founder.id }), NotAllowedError)
    await failure(founder.peer.revoke({ peerId: founder.id }), NotAllowedError)
    const error = await failure(founder.peer.revoke({ invite: 'nonsense' }), NotAllowedError)
    expect(error.message).to.include('"nonsense" is neither an invite nor the id of one')
  })
})
