import { expect } from 'chai'
import { LENGTH, Swarm } from './swarm.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

describe('round engine', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  const tips = (): (string | undefined)[] =>
    swarm.peers.map((peer) => peer.engine.snapshot().tip?.cid.toString())

  it('admits members and trains rounds to the same commits everywhere', async () => {
    swarm = await new Swarm({ manifest: rounds({ stop: 5 }) }).start()
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 5)))
    expect(new Set(tips()).size).to.equal(1)
    const tip = swarm.peers[0].engine.snapshot().tip
    expect(tip?.body.round).to.equal(5)
    expect(tip?.body.contributions).to.have.length(4)
  })

  it('commits the sample-weighted mean of the deltas', async () => {
    swarm = await new Swarm({ manifest: rounds({ stop: 1 }) }).start()
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 1)))
    const mean = (10 * 1 + 20 * 2 + 30 * 3 + 40 * 4) / 100
    await settled(swarm)
    for (const { engine } of swarm.peers) {
      expect(engine.weights).to.deep.equal(new Float32Array(LENGTH).fill(mean))
    }
  })

  it('passes small payloads inside their updates, and fetches none of them', async () => {
    swarm = await new Swarm({
      manifest: rounds({ stop: 2 }),
      inlineBytes: LENGTH * Float32Array.BYTES_PER_ELEMENT,
      step: () => 1
    }).start()
    // Nobody would get a payload that is not in its update.
    for (const { id } of swarm.peers)
      swarm.withheld.set(
        id,
        swarm.peers.map(({ id: other }) => other)
      )
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 2)))
    const { tip } = swarm.peers[0].engine.snapshot()
    expect(tip?.body.contributions.map(({ refused }) => refused)).to.deep.equal(new Array(4).fill(undefined))
    expect(swarm.peers[0].engine.weights).to.deep.equal(new Float32Array(LENGTH).fill(2))
  })

  it('counts updates that are equal but for their authors', async () => {
    swarm = await new Swarm({ manifest: rounds({ stop: 2 }), step: () => 1, samples: () => 10 }).start()
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, 2)))
    const contributions = swarm.peers[0].engine.snapshot().tip?.body.contributions ?? []
    expect(new Set(contributions.map((one) => one.update.toString())).size).to.equal(4)
  })

  it('goes on without a member that dies', async () => {
    swarm = await new Swarm().start()
    await swarm.reached(swarm.peers[0], 2)
    swarm.kill(swarm.peers[3])
    await Promise.all(swarm.peers.slice(0, 3).map((peer) => swarm.reached(peer, 8)))
    const { tip } = swarm.peers[0].engine.snapshot()
    expect(tip?.body.contributions.map((one) => one.author)).to.not.include(swarm.peers[3].id)
  })

  it('brings a restarted member to where the others are', async () => {
    swarm = await new Swarm().start()
    await swarm.reached(swarm.peers[0], 2)
    swarm.kill(swarm.peers[3])
    await swarm.reached(swarm.peers[0], 5)
    const revived = await swarm.revive(swarm.peers[3])
    await swarm.reached(revived, 8)
    const contributed = new Promise<void>((resolve) => {
      swarm.peers[0].engine.addEventListener('commit', ({ detail }) => {
        if (detail.tip.body.contributions.some((one) => one.author === revived.id)) resolve()
      })
    })
    await contributed
  })

  it('counts an update that its author gives to one member only: the others have it from that one', async () => {
    swarm = await new Swarm({ manifest: rounds({ stop: 2 }) }).start()
    const [a, b, c, d] = swarm.peers
    swarm.withheld.set(d.id, [b.id, c.id])
    await Promise.all([a, b, c].map((peer) => swarm.reached(peer, 2)))
    const tip = a.engine.snapshot().tip
    expect(tip?.body.contributions.map((one) => one.author)).to.include(d.id)
    expect(new Set(tips().slice(0, 3)).size).to.equal(1)
  })

  it('takes in a late joiner', async () => {
    swarm = await new Swarm({ members: 3 }).start()
    await swarm.reached(swarm.peers[0], 3)
    const late = await swarm.add()
    await swarm.reached(late, 5)
    const { tip } = late.engine.snapshot()
    expect(tip?.body.roster.map((entry) => entry.peer)).to.include(late.id)
  })

  it('gives rounds up that too few are left for, and goes on when the dead return', async () => {
    const limits = { startMembers: 4, minContributors: 4, maxMissed: 1, stop: { rounds: 100 } }
    swarm = await new Swarm({ manifest: { rounds: limits } }).start()
    await swarm.reached(swarm.peers[0], 1)
    const models: string[] = []
    const lapse = new Promise<LedgerTip>((resolve) => {
      swarm.peers[0].engine.addEventListener('commit', ({ detail: { tip } }) => {
        models.push(tip.body.model.toString())
        if (tip.body.roster.length === 3) resolve(tip)
      })
    })
    await swarm.reached(swarm.peers[0], 2)
    swarm.kill(swarm.peers[3])
    const { body } = await lapse
    expect(body.contributions.map(({ refused }) => refused)).to.deep.equal(Array(3).fill('too-few'))
    expect(models.at(-1)).to.equal(models.at(-2))
    await settled(swarm)
    const revived = await swarm.revive(swarm.peers[3])
    await swarm.reached(revived, body.round + 2)
    expect(revived.engine.snapshot().tip?.body.contributions).to.have.length(4)
  })

  it('waits without a quorum and goes on with one', async () => {
    swarm = await new Swarm().start()
    await swarm.reached(swarm.peers[0], 1)
    const [, , c, d] = swarm.peers
    swarm.kill(c)
    swarm.kill(d)
    const before = swarm.peers[0].engine.snapshot().tip?.body.height ?? 0
    await swarm.revive(c)
    await swarm.reached(swarm.peers[0], before + 2)
  })
})

function rounds({ stop }: { stop: number }): Record<string, unknown> {
  return { rounds: { startMembers: 4, minContributors: 2, stop: { rounds: stop } } }
}

/** Every engine has the model of its tip. */
async function settled(swarm: Swarm): Promise<void> {
  await Promise.all(
    swarm.peers.map(
      ({ engine }) =>
        new Promise<void>((resolve) => {
          if (engine.weights != null) return resolve()
          engine.addEventListener('change', () => engine.weights != null && resolve())
        })
    )
  )
}
