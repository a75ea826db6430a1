import { expect } from 'chai'
import { Swarm } from './swarm.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { SwarmPeer } from './swarm.ts'

/** Every commit of a peer from now on. */
function commitsOf({ engine }: SwarmPeer): CommitBody[] {
  const bodies: CommitBody[] = []
  engine.addEventListener('commit', ({ detail }) => bodies.push(detail.tip.body))
  return bodies
}

const entryOf = (body: CommitBody | undefined, { id }: SwarmPeer): CommitBody['roster'][number] | undefined =>
  body?.roster.find(({ peer }) => peer === id)

describe('a member that does not train', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  /** A deadline so far away that a round which waits for it is not over before the test is. */
  const never = { floorMs: 600_000, ceilingMs: 600_000, factor: 3 }
  const start = async (observers: number[], deadline = never): Promise<Swarm> => {
    const rounds = { startMembers: 3, minContributors: 2, maxMissed: 2, deadline, stop: { rounds: 1000 } }
    swarm = new Swarm({ observers, manifest: { rounds } })
    return await swarm.start()
  }

  it('is not waited for, stays in the roster for as long as it is there, and votes', async () => {
    await start([3])
    const [a, , , observer] = swarm.peers
    await observed(a, observer)
    const commits = commitsOf(a)
    await swarm.reached(a, a.engine.snapshot().round + 25)
    const { tip } = a.engine.snapshot()
    expect(commits.every((body) => entryOf(body, observer)?.observes === true)).to.equal(true)
    expect(commits.slice(1).every((body) => body.contributions.length === 3)).to.equal(true)
    expect(tip?.body.roster).to.have.length(4)
    // Its vote is needed: three of four, and one of the others is gone.
    swarm.kill(swarm.peers[1])
    await swarm.reached(a, (tip?.body.round ?? 0) + 3)
  })

  it('may be the founder, who is in the roster without ever having asked', async () => {
    await start([0])
    const [founder, b] = swarm.peers
    await swarm.reached(b, 5)
    const { tip } = b.engine.snapshot()
    expect(entryOf(tip?.body, founder)?.observes).to.equal(true)
    expect(tip?.body.contributions.map(({ author }) => author)).to.not.include(founder.id)
  })

  it('leaves the roster some rounds after it has gone', async () => {
    await start([3])
    const [a, , , observer] = swarm.peers
    await observed(a, observer)
    swarm.kill(observer)
    const { round } = a.engine.snapshot()
    await swarm.reached(a, round + 12)
    expect(entryOf(a.engine.snapshot().tip?.body, observer)).to.equal(undefined)
  })

  it('trains again when it starts anew to do so, and the other way round', async () => {
    const observers = [3]
    // The round in which it begins to observe still expects its update.
    await start(observers, { floorMs: 1000, ceilingMs: 1000, factor: 3 })
    const [a, , , changing] = swarm.peers
    await observed(a, changing)
    observers.length = 0
    swarm.kill(changing)
    const returned = await swarm.revive(changing)
    const contributes = (body: CommitBody): boolean =>
      body.contributions.some(({ author }) => author === returned.id)
    await committed(a, contributes)
    observers.push(3)
    swarm.kill(returned)
    const last = await swarm.revive(returned)
    await observed(a, last)
  })
})

/** Resolves at the first commit from now on for which the condition holds. */
async function committed({ engine }: SwarmPeer, condition: (body: CommitBody) => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    engine.addEventListener('commit', ({ detail }) => condition(detail.tip.body) && resolve())
  })
}

/** Resolves once the ledger says that the member observes. */
async function observed(peer: SwarmPeer, member: SwarmPeer): Promise<void> {
  const isSaid = (body?: CommitBody): boolean => entryOf(body, member)?.observes === true
  if (!isSaid(peer.engine.snapshot().tip?.body)) await committed(peer, isSaid)
}
