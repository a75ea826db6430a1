import { expect } from 'chai'
import { Scenario } from './scenario.ts'

const TRAIN_MS = 400

describe('a simulated federation', () => {
  for (const faultModel of ['crash', 'byzantine'] as const) {
    for (const peers of [1, 2, 3, 4, 7]) {
      it(`of ${peers} agrees on everybody's work, in the first view (${faultModel})`, () => {
        const scenario = new Scenario({ peers, faultModel }).until(10)
        for (let height = 1; height <= 10; height++) expect(scenario.authorsAt(height)).to.have.length(peers)
        for (const peer of scenario.peers) expect(peer.state.view).to.equal(0)
        expect(scenario.observer.accusations).to.deep.equal([])
      })
    }
  }

  it('takes four message delays beyond training, and at most n − 1 messages for each record', () => {
    const scenario = new Scenario({ peers: 4 }).until(11)
    // Update, proposal, prevote, precommit: 10 ms each; building, checking, disk and payload: at most 150 ms.
    for (const duration of scenario.durations())
      expect(duration).to.be.within(TRAIN_MS + 40, TRAIN_MS + 40 + 150)
    // Four updates, one proposal, eight votes, and now and then a question with its answer.
    expect(scenario.network.messages).to.be.at.most(11 * 3 * (4 + 1 + 8) + 3 * 8)
  })
})

describe('a federation with dead peers', () => {
  it('goes on past a dead proposer within a short wait', () => {
    const scenario = new Scenario({ peers: 4 }).until(3)
    scenario.crash(scenario.nextProposer)
    const before = scenario.now()
    scenario.until(4)
    expect(scenario.authorsAt(4)).to.have.length(3)
    expect(scenario.now() - before).to.be.below(2 * TRAIN_MS + 500)
  })

  it('goes on as fast as before while as many are dead as may be', () => {
    for (const [peers, dead] of [
      [3, [0]],
      [4, [2]],
      [7, [1, 3, 5]]
    ] as const) {
      const scenario = new Scenario({ peers }).until(3)
      for (const peer of dead) scenario.crash(peer)
      scenario.until(4)
      const before = scenario.now()
      scenario.until(14)
      // Each dead first proposer costs 100 ms and the votes about nothing.
      expect((scenario.now() - before) / 10, `${peers} peers`).to.be.below(TRAIN_MS + 150 + 300 * dead.length)
    }
  })

  it('does not wait for the update of who dies while training', () => {
    const training = [0, 1, 2, 3].map((peer) => ({ leastMs: peer === 3 ? 9000 : TRAIN_MS, spreadMs: 0 }))
    const scenario = new Scenario({ peers: 4, training }).run(1000)
    scenario.crash(3)
    scenario.until(1)
    expect(scenario.now()).to.be.below(2500)
    expect(scenario.authorsAt(1)).to.deep.equal(['p0', 'p1', 'p2'])
  })

  it('waits when there is no quorum, and goes on when there is again', () => {
    const scenario = new Scenario({ peers: 4 }).until(2)
    scenario.crash(0)
    scenario.crash(1)
    const before = scenario.decided
    scenario.run(60_000)
    expect(scenario.decided).to.be.at.most(before + 1)
    const stuck = scenario.decided
    scenario.restart(1)
    scenario.until(stuck + 2, 20_000)
  })

  it('drops who misses too many rounds, and takes it in again when it asks', () => {
    const scenario = new Scenario({ peers: 4, maxMissed: 2 }).until(1)
    scenario.crash(3)
    scenario.until(5)
    expect(scenario.observer.latest.position.height.roster).to.deep.equal(['p0', 'p1', 'p2'])
    scenario.restart(3)
    scenario.runUntil(() => scenario.observer.latest.position.height.roster.length === 4)
    scenario.until(scenario.decided + 2)
    expect(scenario.authorsAt(scenario.decided)).to.include('p3')
  })
})

describe('a federation that has too few contributors left', () => {
  const roster = ({ observer }: Scenario): readonly string[] => observer.latest.position.height.roster
  const roundAt = ({ observer }: Scenario): number => observer.latest.position.tip.body.round

  it('gives rounds up until the dead have left, then waits for others to come, and goes on with them', () => {
    const scenario = new Scenario({ peers: 4, minContributors: 4, maxMissed: 2 }).until(3)
    scenario.crash(3)
    scenario.until(5)
    expect(roster(scenario)).to.deep.equal(['p0', 'p1', 'p2'])
    expect(roundAt(scenario)).to.equal(3)
    scenario.run(60_000)
    expect(scenario.decided).to.equal(5)
    scenario.restart(3)
    scenario.runUntil(() => roundAt(scenario) === 5)
    expect(scenario.authorsAt(scenario.decided)).to.have.length(4)
  })

  it('waits for who is slow, however slow, as long as it is there', () => {
    const training = [0, 1, 2, 3].map((peer) => ({ leastMs: peer === 0 ? 100_000 : TRAIN_MS, spreadMs: 0 }))
    const scenario = new Scenario({ peers: 4, training, minContributors: 4, maxMissed: 1 }).until(2)
    expect(roundAt(scenario)).to.equal(2)
  })

  it('draws another cohort when the one of a round is dead', () => {
    const scenario = new Scenario({ peers: 5, minContributors: 2, cohort: 0.4 })
    scenario.runUntil(() => scenario.decided === 3)
    const { cohort } = scenario.observer.latest.position.height
    for (const peer of cohort) scenario.crash(scenario.federation.ids.indexOf(peer))
    scenario.runUntil(() => roundAt(scenario) === 6)
  })
})

describe('a federation whose peers restart', () => {
  it('loses nothing when all crash at once, again and again', () => {
    const scenario = new Scenario({ peers: 4 })
    for (let i = 0; i < 20; i++) {
      scenario.run(100 + 37 * i)
      for (let peer = 0; peer < 4; peer++) scenario.crash(peer)
      scenario.run(50)
      for (let peer = 0; peer < 4; peer++) scenario.restart(peer)
    }
    scenario.until(scenario.decided + 2)
  })

  it('keeps what was decided though only one peer knows it and dies', () => {
    const scenario = new Scenario({ peers: 4 })
    scenario.runUntil(() => scenario.decided > 0)
    const first = scenario.peers.findIndex((peer) => peer.committed === 1)
    const address = scenario.observer.decided.get(1)?.commit?.address
    scenario.crash(first)
    scenario.until(2)
    expect(scenario.observer.decided.get(1)?.commit?.address).to.equal(address)
    scenario.restart(first)
    scenario.until(3)
  })

  it('brings a peer that was away for many heights to where the others are', () => {
    const scenario = new Scenario({ peers: 4 }).until(1)
    scenario.crash(2)
    scenario.run(8000)
    scenario.restart(2)
    scenario.until(scenario.decided + 2)
    expect(scenario.authorsAt(scenario.decided)).to.include('p2')
  })
})

describe('a federation with slow peers', () => {
  const withSlow = (leastMs: number): Scenario =>
    new Scenario({
      peers: 4,
      training: [0, 1, 2, 3].map((peer) => ({ leastMs: peer === 0 ? leastMs : TRAIN_MS, spreadMs: 0 }))
    })

  it('waits for the slowest while it is not too slow', () => {
    const scenario = withSlow(700).until(5)
    for (let height = 1; height <= 5; height++) expect(scenario.authorsAt(height)).to.include('p0')
  })

  it('goes on at its deadline without who stalls', () => {
    const scenario = withSlow(1e7).until(10)
    for (let height = 1; height <= 10; height++) expect(scenario.authorsAt(height)).not.to.include('p0')
    // First three times the majority's time, then median + 6 · MAD, but not below the floor of 1 s.
    for (const duration of scenario.durations()) expect(duration).to.be.below(2500)
  })

  it('agrees though peers close the collection at very different times', () => {
    new Scenario({
      peers: 4,
      weather: { delayMs: [1, 1500], loss: 0, duplication: 0 },
      training: [0, 1, 2, 3].map(() => ({ leastMs: 100, spreadMs: 5000 })),
      proposeMs: 300,
      voteMs: 100
    }).until(6)
  })

  it('agrees though timers fire very late', () => {
    new Scenario({
      peers: 4,
      weather: { delayMs: [1, 50], loss: 0.2, duplication: 0 },
      timerLateMs: 5000
    }).until(5)
  })
})

describe('a divided federation', () => {
  it('goes on in the majority, waits in the minority, and is one again', () => {
    const scenario = new Scenario({ peers: 7 }).until(2)
    const mend = scenario.split(0, 1, 2)
    scenario.run(10_000)
    const heights = scenario.peers.map((peer) => peer.committed)
    expect(Math.max(...heights.slice(0, 3))).to.be.at.most(3)
    expect(Math.min(...heights.slice(3))).to.be.at.least(7)
    mend()
    scenario.until(Math.max(...heights) + 2)
  })

  it('in halves waits, and goes on soon after', () => {
    const scenario = new Scenario({ peers: 4 }).until(2)
    const mend = scenario.split(0, 1)
    scenario.run(600_000)
    const reached = scenario.decided
    expect(reached).to.be.at.most(3)
    mend()
    scenario.until(reached + 2, 30_000)
  })
})

describe('a federation with liars', () => {
  it('agrees, goes on, and has proof against them', () => {
    for (const [peers, liars] of [
      [4, [1]],
      [7, [0, 4]]
    ] as const) {
      const scenario = new Scenario({
        peers,
        faultModel: 'byzantine',
        liars: liars.map((peer) => ({ peer, strategies: ['equivocate', 'vote-twice'] }))
      }).until(15)
      expect(scenario.observer.accusations).not.to.have.length(0)
    }
  })

  it('never counts more samples than the manifest allows, nor a delta that is not finite or too large', () => {
    const scenario = new Scenario({
      peers: 4,
      faultModel: 'byzantine',
      liars: [{ peer: 2, strategies: ['huge-claims'] }]
    }).until(20)
    const contributions = [...scenario.observer.decided.values()].flatMap(
      ({ position }) => position.tip.body.contributions
    )
    const claims = contributions.filter(({ author }) => author === 'p2')
    expect(claims.some(({ refused }) => refused == null)).to.equal(true)
    expect(claims.some(({ refused }) => refused === 'norm' || refused === 'not-finite')).to.equal(true)
    for (const { samples } of contributions) expect(samples).to.be.at.most(1000)
    for (const weight of scenario.observer.latest.position.weights)
      expect(Number.isFinite(weight)).to.equal(true)
  })
})
