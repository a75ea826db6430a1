import { expect } from 'chai'
import { next, only, record, statusWhere } from './events.ts'
import { Federation, loseBlocks } from './federation.ts'
import type { Member } from './federation.ts'
import type { CommitSummary, Peer } from '../../../peers/node/index.ts'

const forEver = { stop: { rounds: 1_000_000 } }

/** The commit of a height: known already, or awaited. */
async function commitAt(peer: Peer, height: number): Promise<CommitSummary> {
  const coming = next(peer, 'commit', (commit) => commit.height >= height)
  for await (const commit of peer.ledger({ from: height, limit: 1 })) return commit
  await coming
  return await commitAt(peer, height)
}

/** The next commits of `peer` until one counts an update of `member`. */
async function contributes(peer: Peer, { id }: Pick<Member, 'id'>): Promise<CommitSummary> {
  return await next(peer, 'commit', ({ contributions }) => contributions.some(({ author }) => author === id))
}

async function sameCommits(federation: Federation, height: number): Promise<CommitSummary> {
  const commits = await Promise.all(federation.peers.map((peer) => commitAt(peer, height)))
  expect(new Set(commits.map(({ cid }) => cid)).size, `commits of height ${height}`).to.equal(1)
  return commits[0]
}

describe('peers that come and go', function () {
  this.timeout(60_000)
  let federation: Federation

  afterEach(() => federation.close())

  it('stops within a round, and the others complete it', async () => {
    federation = await Federation.of(4, { rounds: forEver })
    const [founder, , , fourth] = federation.members
    await founder.peer.waitForRound(2)
    fourth.trainer.hold()
    await fourth.trainer.held()
    const { round } = fourth.peer.status()
    await fourth.peer.stop()
    const commit = await founder.peer.waitForRound(round + 1)
    expect(commit.contributions.map(({ author }) => author)).to.not.include(fourth.id)
    await founder.peer.waitForRound(round + 3)
    await statusWhere(founder.peer, ({ members }) =>
      members.some(({ peerId, connected }) => peerId === fourth.id && !connected)
    )
  })

  it('hangs within a round, and the others complete it after the deadline', async () => {
    const deadline = { floorMs: 100, ceilingMs: 3_000, factor: 2 }
    federation = await Federation.of(4, { rounds: { ...forEver, deadline } })
    const [founder, , , fourth] = federation.members
    await founder.peer.waitForRound(3)
    fourth.trainer.hold()
    await fourth.trainer.held()
    const { round } = fourth.peer.status()
    const commit = await founder.peer.waitForRound(round + 1)
    expect(commit.contributions.map(({ author }) => author)).to.not.include(fourth.id)
    fourth.trainer.release()
    await contributes(founder.peer, fourth)
  })

  it('stops between rounds, starts again from the same home, and carries on where the federation now is', async () => {
    federation = await Federation.of(4, { rounds: forEver })
    const [founder, , , fourth] = federation.members
    await founder.peer.waitForRound(2)
    await fourth.peer.stop()
    const { height } = await founder.peer.waitForRound(founder.peer.status().round + 3)
    await federation.reopen(fourth)
    expect(fourth.peer.status().height).to.be.below(height)
    const told = record(fourth.peer)
    await fourth.peer.start()
    const commit = await contributes(founder.peer, fourth)
    await sameCommits(federation, commit.height)
    expect(only(told, 'error')).to.deep.equal([])
  })

  it('is killed where it wrote a commit whose model it had not yet, and gets that from the others', async () => {
    federation = await Federation.of(3, { rounds: { stop: { rounds: 3 } } })
    const [, , third] = federation.members
    const last = await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
    await Promise.all(federation.peers.map((peer) => statusWhere(peer, ({ phase }) => phase === 'finished')))
    await third.peer.stop()
    await loseBlocks(third)
    await federation.reopen(third)
    await third.peer.start()
    expect(await third.peer.weights()).to.deep.equal(await federation.peers[0].weights())
    await statusWhere(third.peer, ({ phase }) => phase === 'finished')
    expect(third.peer.status().commit).to.equal(last[0].cid)
  })

  it('joins at round 6 and has the same commit as the rest at round 7', async () => {
    federation = await Federation.of(3, { rounds: { startMembers: 3, ...forEver } })
    const [founder] = federation.members
    await founder.peer.waitForRound(5)
    await federation.hold()
    const { round } = founder.peer.status()
    const late = await federation.join()
    await late.peer.start()
    await statusWhere(late.peer, (status) => status.round === round && status.phase === 'collecting')
    for (const { trainer } of federation.members) trainer.release()
    const [first] = await Promise.all(federation.peers.map((peer) => peer.waitForRound(round + 2)))
    await sameCommits(federation, first.height)
    await contributes(founder.peer, late)
  })

  it('leaves the roster after having missed its rounds, and comes back by asking', async () => {
    federation = await Federation.of(4, { rounds: { ...forEver, maxMissed: 2 } })
    const [founder, , , fourth] = federation.members
    await founder.peer.waitForRound(1)
    const gone = next(founder.peer, 'commit', ({ roster }) => !roster.includes(fourth.id))
    await fourth.peer.stop()
    const { height } = await gone
    const missed = federation.founder.peer.status().members.find(({ peerId }) => peerId === fourth.id)
    expect(missed).to.include({ inRoster: false, connected: false })
    const earlier = await commitAt(founder.peer, height - 1)
    expect(earlier.roster).to.include(fourth.id)
    const back = next(founder.peer, 'commit', ({ roster }) => roster.includes(fourth.id))
    await federation.reopen(fourth)
    await fourth.peer.start()
    await back
    await contributes(founder.peer, fourth)
    expect(founder.peer.status().members.find(({ peerId }) => peerId === fourth.id)).to.include({
      inRoster: true,
      connected: true
    })
  })

  it('goes on without the founder', async () => {
    federation = await Federation.of(4, { rounds: forEver })
    const [founder, second] = federation.members
    await second.peer.waitForRound(1)
    await founder.peer.stop()
    await second.peer.waitForRound(second.peer.status().round + 3)
  })

  it('waits without a quorum, and goes on when there is one again', async () => {
    federation = await Federation.of(3, { rounds: forEver })
    const [founder, second, third] = federation.members
    await founder.peer.waitForRound(1)
    await Promise.all([second.peer.stop(), third.peer.stop()])
    const stuck = await statusWhere(
      founder.peer,
      ({ waitingFor }) => waitingFor?.startsWith('a quorum') === true
    )
    await federation.reopen(third)
    await third.peer.start()
    await founder.peer.waitForRound(stuck.round + 2)
  })

  it('all stop, all start again, and the federation goes on', async () => {
    federation = await Federation.of(3, { rounds: forEver })
    await Promise.all(federation.peers.map((peer) => peer.waitForRound(2)))
    const rounds = federation.peers.map((peer) => peer.status().round)
    const addresses = federation.peers.map((peer) => peer.addresses())
    await Promise.all(federation.peers.map((peer) => peer.stop()))
    for (const member of federation.members) await federation.reopen(member)
    await Promise.all(federation.peers.map((peer) => peer.start()))
    await Promise.all(federation.peers.map((peer) => peer.waitForRound(Math.max(...rounds) + 2)))
    await sameCommits(federation, 3)
    // Each listens where it did before: that is all that the others know of it.
    expect(federation.peers.map((peer) => peer.addresses())).to.deep.equal(addresses)
  })
})
