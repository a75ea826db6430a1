import { expect } from 'chai'
import { Network, StalledError } from './network.ts'
import { readBody } from './records.ts'
import type { NetworkOptions } from './network.ts'

const TRAIN_MS = 400
const steady = { trainMs: () => TRAIN_MS, delayMs: [10, 10] as [number, number], timerLateMs: 0 }

const authorsOf = (network: Network, height: number): string[] =>
  (readBody(network.decided.get(height)?.body ?? '')?.updates ?? []).map((update) => update.split('.')[0])

/** How long each height took, from the one before. */
function durations(network: Network): number[] {
  const times = [...network.decided.values()].map((decided) => decided.atMs)
  return times.slice(1).map((at, i) => at - times[i])
}

const indexOf = (peer: string): number => Number(peer.slice(1))
/** The index of the peer that proposes first at a height. */
const proposerAt = (network: Network, height: number): number =>
  indexOf(network.heightOf(Array<string>(height - 1).fill('')).proposers[0])

describe('a network of round machines', () => {
  for (const faultModel of ['crash', 'byzantine'] as const) {
    for (const members of [1, 2, 3, 4, 7]) {
      it(`of ${members} agrees on everybody's work, in the first view (${faultModel})`, () => {
        const network = new Network({ ...steady, members, config: { faultModel } }).start().until(10)
        for (let height = 1; height <= 10; height++)
          expect(authorsOf(network, height).length).to.equal(members)
        expect(network.views.size).to.equal(0)
        expect(network.evidence).to.deep.equal([])
      })
    }
  }

  it('takes four message delays beyond training, and at most n − 1 messages for each record', () => {
    const members = 4
    const network = new Network({ ...steady, members, healEveryMs: 1e9 }).start().until(11)
    // Update, proposal, prevote, precommit: 10 ms each; building, checking, disk and payload: at most 146 ms.
    for (const duration of durations(network))
      expect(duration).to.be.within(TRAIN_MS + 40, TRAIN_MS + 40 + 146)
    // All updates and prevotes, one proposal; who decides before its own precommit is on disk need not send it.
    const most = 11 * (members - 1) * (members + 1 + members + members)
    expect(network.messages).to.be.within(most - 11 * (members - 1), most)
  })

  it('repeats exactly for a seed', () => {
    const play = (): string[] => {
      const network = new Network({ members: 4, seed: 42, loss: 0.2, duplication: 0.2 }).start().until(5)
      return [...network.decided.values()].map(({ body, atMs }) => `${body} ${atMs}`)
    }
    expect(play()).to.deep.equal(play())
  })
})

describe('a network with dead peers', () => {
  it('goes on past a dead proposer within a short wait', () => {
    const network = new Network({ ...steady, members: 4 }).start().until(3)
    network.crash(proposerAt(network, 4))
    const before = network.now()
    network.until(4)
    expect(authorsOf(network, 4).length).to.equal(3)
    expect(network.now() - before).to.be.below(2 * TRAIN_MS + 500)
  })

  it('goes on as fast as before while as many are dead as may be', () => {
    for (const [members, dead] of [
      [3, [0]],
      [4, [2]],
      [7, [1, 3, 5]]
    ] as const) {
      const network = new Network({ ...steady, members }).start().until(3)
      for (const peer of dead) network.crash(peer)
      network.until(4)
      const before = network.now()
      network.until(14)
      // Each dead first proposer costs 100 ms and the votes about nothing.
      expect((network.now() - before) / 10, `${members} members`).to.be.below(
        TRAIN_MS + 146 + 300 * dead.length
      )
    }
  })

  it('does not wait for the update of who dies while training', () => {
    const network = new Network({ ...steady, members: 4, trainMs: (peer) => (peer === 3 ? 9000 : TRAIN_MS) })
    network.start().run(1000)
    network.crash(3)
    network.until(1)
    expect(network.now()).to.be.below(2500)
    expect(authorsOf(network, 1).sort()).to.deep.equal(['p0', 'p1', 'p2'])
  })

  it('waits when there is no quorum, and goes on when there is again', () => {
    const network = new Network({ ...steady, members: 4 }).start().until(2)
    network.crash(0)
    network.crash(1)
    const { size } = network.decided
    network.run(60_000)
    expect(network.decided.size).to.be.at.most(size + 1)
    const stuck = network.decided.size
    network.restart(1)
    network.until(stuck + 2, 20_000)
  })

  it('tells how to see a stall again', () => {
    const network = new Network({ members: 2, seed: 77 }).start()
    network.crash(0)
    expect(() => network.until(1, 5000)).to.throw(StalledError, '"seed":77')
  })
})

describe('a network with restarts', () => {
  it('loses nothing when all crash at once, again and again', () => {
    const network = new Network({ ...steady, members: 4 }).start()
    for (let i = 0; i < 20; i++) {
      network.run(network.between(100, 900))
      for (let peer = 0; peer < 4; peer++) network.crash(peer)
      network.run(50)
      for (let peer = 0; peer < 4; peer++) network.restart(peer)
    }
    const reached = network.decided.size
    network.until(reached + 2)
  })

  it('keeps what was decided though only one peer knows it and dies', () => {
    const network = new Network({ ...steady, members: 4 }).start()
    while (network.decided.size === 0) network.time.next()
    const first = network.peers.findIndex((peer) => peer.ledger.length === 1)
    const { body } = network.decided.get(1)!
    network.crash(first)
    network.until(2)
    expect(network.decided.get(1)?.body).to.equal(body)
    network.restart(first)
    network.until(3)
  })

  it('convinces the others of a lock after a restart, though a voter for it is gone for good', () => {
    let cases = 0
    for (let seed = 0; seed < 200; seed++) {
      const network = new Network({ members: 4, seed, delayMs: [1, 200], loss: 0.3 }).start()
      while (!network.peers.some((peer) => peer.said.get(1)?.locked != null)) network.time.next()
      const said = network.peers.map(
        (peer) => peer.said.get(1)?.votes.some((vote) => vote.body != null) === true
      )
      const gone = network.peers.findIndex((peer, i) => said[i] && peer.state.locked == null)
      if (gone < 0 || said.filter(Boolean).length > 3) continue
      cases++
      for (let peer = 0; peer < 4; peer++) network.crash(peer)
      network.loss = 0
      for (let peer = 0; peer < 4; peer++) if (peer !== gone) network.restart(peer)
      network.until(1, 60_000)
    }
    expect(cases).to.be.above(10)
  })

  it('brings a peer that was away for many heights to where the others are', () => {
    const network = new Network({ ...steady, members: 4 }).start().until(1)
    network.crash(2)
    network.run(8000)
    network.restart(2)
    network.until(network.decided.size + 1)
    expect(authorsOf(network, network.decided.size)).to.include('p2')
  })

  it('needs nobody to begin a height on time', () => {
    const network = new Network({ ...steady, members: 4 })
    network.start()
    network.crash(1)
    network.run(300)
    network.restart(1)
    network.until(2)
    expect(authorsOf(network, 1).length).to.be.at.least(3)
  })
})

describe('a network with slow peers', () => {
  it('waits for the slowest while it is not too slow', () => {
    const network = new Network({ ...steady, members: 4, trainMs: (peer) => (peer === 0 ? 700 : TRAIN_MS) })
    network.start().until(5)
    for (let height = 1; height <= 5; height++) expect(authorsOf(network, height)).to.include('p0')
  })

  it('goes on at its deadline without who stalls', () => {
    const network = new Network({ ...steady, members: 4, trainMs: (peer) => (peer === 0 ? 1e7 : TRAIN_MS) })
    network.start().until(10)
    for (let height = 1; height <= 10; height++) expect(authorsOf(network, height)).not.to.include('p0')
    // First three times the majority's time, then median + 6 · MAD, but not below the floor of 1 s.
    for (const duration of durations(network)) expect(duration).to.be.below(2500)
  })

  it('agrees though peers close the collection at very different times', () => {
    const options: NetworkOptions = {
      members: 4,
      delayMs: [1, 1500],
      trainMs: (_, random) => 100 + (random() % 5000),
      config: { proposeMs: 300, voteMs: 100 }
    }
    new Network(options).start().until(6)
  })

  it('agrees though timers fire very late', () => {
    new Network({ members: 4, loss: 0.2, timerLateMs: 5000 }).start().until(5)
  })

  it('waits for as many updates as the federation asks for', () => {
    const trainMs = (peer: number): number => (peer < 2 ? TRAIN_MS : 30_000)
    const network = new Network({ ...steady, members: 4, trainMs, config: { minContributors: 3 } })
      .start()
      .until(1)
    expect(authorsOf(network, 1).length).to.be.at.least(3)
    expect(network.now()).to.be.within(30_000, 32_000)
  })

  it('agrees though a proposer has too few updates, as they came only to others', () => {
    for (let seed = 0; seed < 20; seed++) {
      const network = new Network({ members: 4, seed, loss: 0.5, config: { minContributors: 4 } }).start()
      network.until(2)
      expect(authorsOf(network, 1).length).to.equal(4)
    }
  })
})

describe('a divided network', () => {
  it('goes on in the majority, waits in the minority, and is one again', () => {
    const network = new Network({ ...steady, members: 7 }).start().until(2)
    network.partition([0, 1, 2])
    network.run(10_000)
    const heights = network.peers.map((peer) => peer.ledger.length)
    expect(Math.max(...heights.slice(0, 3))).to.be.at.most(3)
    expect(Math.min(...heights.slice(3))).to.be.at.least(8)
    network.partition()
    network.until(Math.max(...heights) + 2)
  })

  it('in halves waits, and goes on soon after', () => {
    const network = new Network({ ...steady, members: 4 }).start().until(2)
    network.partition([0, 1])
    network.run(600_000)
    const reached = network.decided.size
    expect(reached).to.be.at.most(3)
    network.partition()
    network.until(reached + 2, 30_000)
  })
})

describe('a network that changes its members', () => {
  const membership = { ...steady, members: 4, modes: () => 'membership' as const }

  it('is silent while nobody asks', () => {
    const network = new Network({ ...membership, healEveryMs: 1e9 }).start()
    network.run(60_000)
    expect(network.messages).to.equal(0)
  })

  it('commits a wish that only one has heard of, by whoever proposes', () => {
    for (let hearer = 0; hearer < 4; hearer++) {
      const network = new Network(membership).start().run(100)
      network.join('newcomer', hearer)
      network.until(1, 10_000)
      expect(readBody(network.decided.get(1)?.body ?? '')?.joins).to.deep.equal(['newcomer'])
    }
  })

  it('commits each wish once, and is silent again', () => {
    const network = new Network({ ...membership, loss: 0.2 }).start().run(100)
    for (let i = 0; i < 6; i++) {
      network.join(`newcomer ${i}`.replace(' ', ''), i % 4)
      network.run(700)
    }
    network.run(60_000)
    const joined = [...network.decided.values()].flatMap(({ body }) => readBody(body)?.joins ?? [])
    expect(joined.sort()).to.deep.equal([...Array(6).keys()].map((i) => `newcomer${i}`))
    const { size } = network.decided
    network.run(60_000)
    expect(network.decided.size).to.equal(size)
    for (const peer of network.peers) expect(peer.state.step).to.equal('idle')
  })
})

describe('a network with liars', () => {
  it('agrees, goes on, and has proof against them', () => {
    for (const [members, liars] of [
      [4, [1]],
      [7, [0, 4]]
    ] as const) {
      const network = new Network({ ...steady, members, liars, config: { faultModel: 'byzantine' } })
      network.start().until(15)
      expect(network.evidence.length).to.be.above(0)
      for (const { from } of network.evidence) expect(liars.map((liar) => `p${liar}`)).to.include(from)
    }
  })
})
