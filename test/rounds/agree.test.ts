import { expect } from 'chai'
import { Driver } from './driver.ts'

describe('proposing', () => {
  const proposer = (): Driver => new Driver({}, 'b')

  it('builds from what is here, then proposes what was built', () => {
    const driver = proposer().agreeing()
    expect(driver.all('build')).to.deep.equal([{ type: 'build', view: 0, updates: ['ua', 'ub', 'uc', 'ud'] }])
    driver.send({ type: 'built', view: 0, body: 'B' })
    expect(driver.all('propose')).to.deep.equal([{ type: 'propose', view: 0, body: 'B', validView: -1 }])
    driver.proposal(0, 'B', { valid: null })
    expect(driver.all('check')).to.deep.equal([])
    expect(driver.vote).to.equal('prevote B')
  })

  it("is only the proposer's business", () => {
    expect(new Driver().agreeing().all('build')).to.deep.equal([])
  })

  it('waits for enough updates, then builds at once', () => {
    const driver = proposer().begin().votes('prevote', 0, 'X', 'c', 'd').updates('c')
    expect(driver.state.step).to.equal('propose')
    expect(driver.all('build')).to.deep.equal([])
    driver.updates('d')
    expect(driver.all('build')).to.deep.equal([{ type: 'build', view: 0, updates: ['uc', 'ud'] }])
    expect(driver.updates('a').all('build')).to.deep.equal([])
  })

  it('drops what was built too late for its view', () => {
    const driver = proposer().agreeing().fire('propose')
    expect(driver.vote).to.equal('prevote nil')
    expect(driver.send({ type: 'built', view: 0, body: 'B' }).effects).to.deep.equal([])
  })

  it('builds anew in the same view from what is left when an update turns out to be incomplete', () => {
    const driver = proposer().agreeing()
    driver.send({ type: 'unavailable', author: 'd', update: 'ud' })
    expect(driver.all('build')).to.deep.equal([{ type: 'build', view: 0, updates: ['ua', 'ub', 'uc'] }])
    expect(driver.updates('d').all('build')).to.deep.equal([])
    expect(driver.send({ type: 'built', view: 0, body: 'B' }).all('propose')).to.have.length(1)
  })

  it('proposes one body in a view, whatever else was built', () => {
    const driver = proposer().agreeing().send({ type: 'built', view: 0, body: 'B' })
    expect(driver.send({ type: 'unavailable', author: 'd', update: 'ud' }).effects).to.deep.equal([])
    expect(driver.send({ type: 'built', view: 0, body: 'C' }).effects).to.deep.equal([])
  })

  it('waits until an incomplete update is complete where the others are not enough', () => {
    const driver = new Driver({ minContributors: 4 }, 'b').agreeing()
    expect(driver.send({ type: 'unavailable', author: 'd', update: 'ud' }).effects).to.deep.equal([])
    expect(driver.updates('d').all('build')).to.have.length(1)
  })

  it('takes no notice of an update that is not the one it counts', () => {
    const driver = proposer().agreeing()
    expect(driver.send({ type: 'unavailable', author: 'd', update: 'another' }).effects).to.deep.equal([])
    expect(driver.state.updates.size).to.equal(4)
  })

  it('proposes again what a quorum prevoted', () => {
    const driver = new Driver().lockedOn('B')
    expect(driver.state.view).to.equal(1)
    expect(driver.all('propose')).to.deep.equal([{ type: 'propose', view: 1, body: 'B', validView: 0 }])
  })

  it("counts only a proposal by the view's proposer, and the first", () => {
    const driver = new Driver().agreeing()
    driver.send({ type: 'proposal', from: 'c', view: 0, proposal: { body: 'X', validView: -1 } })
    expect(driver.effects).to.deep.equal([])
    driver.proposal(0, 'B', { valid: null }).proposal(0, 'C', { valid: null })
    expect(driver.state.proposals.get(0)?.body).to.equal('B')
  })
})

describe('prevoting', () => {
  it('is for a proposal that holds, nil for one that does not', () => {
    expect(new Driver().agreeing().proposal(0, 'B').vote).to.equal('prevote B')
    expect(new Driver().agreeing().proposal(0, 'B', { valid: false }).vote).to.equal('prevote nil')
  })

  it('is nil when no proposal came, or none could be checked in time', () => {
    expect(new Driver().agreeing().fire('propose').vote).to.equal('prevote nil')
    const driver = new Driver().agreeing()
    const { effects } = driver
    driver.proposal(0, 'B', { valid: null })
    driver.effects = effects
    expect(driver.fire('propose').vote).to.equal('prevote nil')
    expect(driver.send({ type: 'checked', body: 'B', valid: true }).vote).to.equal(undefined)
  })

  it('is nil for what contradicts the lock', () => {
    const driver = new Driver().lockedOn('B')
    driver.votes('precommit', 1, null, 'b', 'c', 'd')
    expect(driver.proposal(2, 'C').vote).to.equal('prevote nil')
  })

  it('is for what is locked, in any later view', () => {
    const driver = new Driver().lockedOn('B').votes('precommit', 1, null, 'b', 'c', 'd')
    expect(driver.proposal(2, 'B', { valid: null }).vote).to.equal('prevote B')
  })

  it('gives the lock up for what a quorum prevoted later', () => {
    const driver = new Driver().lockedOn('B').votes('precommit', 1, null, 'b', 'c', 'd')
    driver.votes('precommit', 2, null, 'b', 'c', 'd').proposal(3, 'C', { validView: 2 })
    expect(driver.vote).to.equal(undefined)
    expect(driver.votes('prevote', 2, 'C', 'b', 'c', 'd').vote).to.equal('prevote C')
  })

  it('does not give the lock up for what a quorum prevoted earlier', () => {
    const driver = new Driver().agreeing()
    driver.votes('prevote', 0, 'C', 'b', 'c', 'd').votes('precommit', 0, null, 'b', 'c', 'd')
    driver.proposal(1, 'B').votes('prevote', 1, 'B', 'a', 'b', 'c').votes('precommit', 1, null, 'b', 'c', 'd')
    expect(driver.state.locked).to.deep.equal({ body: 'B', view: 1 })
    expect(driver.proposal(2, 'C', { validView: 0 }).vote).to.equal('prevote nil')
  })

  it('waits for the prevotes that a re-proposal refers to', () => {
    const driver = new Driver().agreeing().votes('precommit', 0, null, 'b', 'c', 'd')
    driver.votes('precommit', 1, null, 'b', 'c', 'd').proposal(2, 'B', { validView: 0 })
    expect(driver.vote).to.equal(undefined)
    driver.votes('prevote', 0, 'B', 'b', 'c')
    expect(driver.vote).to.equal(undefined)
    expect(driver.votes('prevote', 0, 'B', 'd').vote).to.equal('prevote B')
  })

  it('never believes a re-proposal that refers to its own view or a later one', () => {
    for (const validView of [0, 1, 1e9]) {
      const driver = new Driver().agreeing().votes('prevote', 0, 'B', 'b', 'c', 'd')
      expect(driver.proposal(0, 'B', { validView }).vote).to.equal(undefined)
    }
  })
})

describe('precommitting', () => {
  it('locks what a quorum prevotes, and says so on disk', () => {
    const driver = new Driver().agreeing().proposal(0, 'B').votes('prevote', 0, 'B', 'a', 'b', 'c')
    const at = { body: 'B', view: 0 }
    expect(driver.all('vote')).to.deep.equal([
      { type: 'vote', view: 0, kind: 'precommit', body: 'B', locked: at, valid: at }
    ])
  })

  it('is nil when a quorum prevotes nil, or cannot agree in time', () => {
    const nil = new Driver().agreeing().proposal(0, 'B').votes('prevote', 0, null, 'b', 'c')
    expect(nil.vote).to.equal('precommit nil')
    const split = new Driver().agreeing().proposal(0, 'B').votes('prevote', 0, 'B', 'a', 'b')
    split.votes('prevote', 0, null, 'c')
    expect(split.fire('prevote').vote).to.equal('precommit nil')
    expect(split.state.locked).to.equal(null)
  })

  it('does not follow a quorum for what does not hold here', () => {
    const driver = new Driver().agreeing().proposal(0, 'B', { valid: false })
    expect(driver.votes('prevote', 0, 'B', 'b', 'c', 'd').vote).to.equal(undefined)
    expect(driver.state.locked).to.equal(null)
  })

  it('after precommitting nil remembers what a quorum prevoted, without locking it', () => {
    const driver = new Driver().agreeing().proposal(0, 'B').votes('prevote', 0, 'B', 'a', 'b')
    driver.votes('prevote', 0, null, 'c').fire('prevote').votes('prevote', 0, 'B', 'd')
    expect(driver.state).to.deep.include({ locked: null, valid: { body: 'B', view: 0 } })
    expect(driver.vote).to.equal(undefined)
  })
})

describe('deciding', () => {
  it('takes a quorum of precommits of one view, and says of which', () => {
    const driver = new Driver().agreeing().proposal(0, 'B').votes('precommit', 0, 'B', 'b', 'c')
    expect(driver.votes('precommit', 1, 'B', 'd').all('commit')).to.deep.equal([])
    expect(driver.votes('precommit', 0, 'B', 'd').all('commit')).to.deep.equal([
      { type: 'commit', body: 'B', view: 0 }
    ])
    expect(driver.state.step).to.equal('done')
  })

  it('takes the recomputation too, whenever it comes', () => {
    const driver = new Driver().agreeing().proposal(0, 'B', { valid: null })
    expect(driver.votes('precommit', 0, 'B', 'b', 'c', 'd').all('commit')).to.deep.equal([])
    expect(driver.send({ type: 'checked', body: 'B', valid: true }).all('commit').length).to.equal(1)
  })

  it('happens in an earlier view than the present one, too', () => {
    const driver = new Driver().agreeing().proposal(0, 'B').votes('precommit', 1, null, 'b', 'c', 'd')
    expect(driver.state.view).to.equal(2)
    expect(driver.votes('precommit', 0, 'B', 'b', 'c', 'd').all('commit').length).to.equal(1)
  })

  it('happens while still collecting', () => {
    const driver = new Driver().begin().votes('precommit', 0, 'B', 'b', 'c', 'd').proposal(0, 'B')
    expect(driver.all('commit').length).to.equal(1)
  })

  it('happens once: nothing moves a decided height', () => {
    const driver = new Driver().agreeing().proposal(0, 'B').votes('precommit', 0, 'B', 'b', 'c', 'd')
    driver.votes('precommit', 0, 'B', 'a').votes('prevote', 7, 'C', 'a', 'b', 'c')
    driver.updates('a').proposal(1, 'C').connected()
    expect(driver.effects).to.deep.equal([])
    expect(driver.state.step).to.equal('done')
  })

  it('needs two thirds when members may lie', () => {
    const members = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const change = { roster: members, proposers: ['b', 'a', 'c', 'd'], cohort: [] }
    const driver = new Driver({ faultModel: 'byzantine' }).begin(change).proposal(0, 'B')
    driver.votes('precommit', 0, 'B', 'b', 'c', 'd', 'e')
    expect(driver.all('commit')).to.deep.equal([])
    expect(driver.votes('precommit', 0, 'B', 'f').all('commit').length).to.equal(1)
  })
})

describe('views', () => {
  it('follow when a quorum has precommitted without agreeing', () => {
    const driver = new Driver().agreeing().proposal(0, 'B').votes('precommit', 0, 'B', 'b', 'd')
    driver.votes('precommit', 0, null, 'c')
    expect(driver.fire('precommit').state.view).to.equal(1)
    expect(driver.all('view')).to.deep.equal([{ type: 'view', view: 1 }])
  })

  it('follow at once when a quorum precommits nil, until each has proposed', () => {
    const driver = new Driver().agreeing()
    for (let view = 0; view < 4; view++) {
      expect(driver.state.view).to.equal(view)
      driver.votes('precommit', view, null, 'b', 'c', 'd')
    }
    expect(driver.votes('precommit', 4, null, 'b', 'c', 'd').state.view).to.equal(4)
    expect(driver.fire('precommit').state.view).to.equal(5)
  })

  it('are skipped when one correct member is in a later one, wherever each of them is', () => {
    const driver = new Driver({ faultModel: 'byzantine' }).agreeing().votes('prevote', 9, null, 'c')
    expect(driver.state.view).to.equal(0)
    expect(driver.votes('precommit', 4, null, 'd').state.view).to.equal(4)
  })

  it('are skipped on the word of any member while nobody lies', () => {
    expect(new Driver().agreeing().votes('prevote', 9, null, 'c').state.view).to.equal(9)
  })

  it('are closed by who leaves them, so that the others need no vote of who died since', () => {
    for (const faultModel of ['crash', 'byzantine'] as const) {
      const skipping = new Driver({ faultModel }).agreeing().votes('prevote', 3, null, 'c')
      if (faultModel === 'byzantine') skipping.votes('prevote', 3, 'B', 'd')
      const cast = skipping.all('vote').map(({ view, kind, body }) => ({ view, kind, body }))
      expect(cast).to.deep.equal([
        { view: 2, kind: 'prevote', body: null },
        { view: 2, kind: 'precommit', body: null }
      ])
    }
    const outvoted = new Driver().agreeing().proposal(0, 'B').votes('precommit', 0, null, 'c', 'd')
    const cast = outvoted.all('vote').map(({ view, kind, body }) => ({ view, kind, body }))
    expect(cast).to.deep.equal([{ view: 0, kind: 'precommit', body: null }])
  })

  it('wait longer the later they are', () => {
    const waits = [0, 4, 8].map((view) => {
      const driver = new Driver().agreeing()
      if (view > 0) driver.votes('prevote', view, null, 'c')
      return driver.all('timer').find((timer) => timer.id.startsWith('propose'))?.afterMs
    })
    expect(waits).to.deep.equal([1000, 3000, 5000])
  })

  it('do not wait long for a proposer that is away, or that goes', () => {
    const shortest = (driver: Driver): number =>
      Math.min(...driver.all('timer').map((timer) => timer.afterMs))
    const away = new Driver().begin().connected('c', 'd').updates('a', 'c', 'd')
    expect(shortest(away)).to.equal(100)
    const going = new Driver().agreeing().connected('c', 'd')
    expect(shortest(going)).to.equal(100)
    expect(going.fire('propose').vote).to.equal('prevote nil')
  })

  it('are given up at once when the prevotes leave no body a quorum', () => {
    const driver = new Driver().agreeing().votes('prevote', 0, null, 'c')
    expect(driver.vote).to.equal(undefined)
    expect(driver.votes('prevote', 0, null, 'd').vote).to.equal('prevote nil')
    const split = new Driver()
      .agreeing()
      .proposal(0, 'B')
      .votes('prevote', 0, 'B', 'a')
      .votes('prevote', 0, null, 'c')
    expect(split.votes('prevote', 0, null, 'd').vote).to.equal('precommit nil')
  })

  it('are left at once when the precommits leave no body a quorum', () => {
    const driver = new Driver().agreeing().fire('propose').votes('prevote', 0, null, 'a', 'b', 'c')
    driver.votes('precommit', 0, 'B', 'b').votes('precommit', 0, null, 'a')
    expect(driver.state.view).to.equal(0)
    expect(driver.votes('precommit', 0, null, 'c').state.view).to.equal(1)
  })

  it('are given up by their time-outs alone after each has had its turn', () => {
    const driver = new Driver().agreeing()
    for (const view of [0, 1, 2, 3]) driver.votes('precommit', view, null, 'b', 'c', 'd')
    expect(driver.state.view).to.equal(4)
    expect(driver.votes('prevote', 4, null, 'c', 'd').vote).to.equal(undefined)
  })

  it('do wait for a proposer whose proposal is here though it is gone', () => {
    const driver = new Driver().agreeing().proposal(0, 'B', { valid: null }).connected('c', 'd')
    expect(driver.all('timer')).to.deep.equal([])
  })

  it('take the full time after each has had its turn: "not connected to me" is not "dead"', () => {
    const driver = new Driver().agreeing().votes('prevote', 4, null, 'c', 'd').connected('c', 'd')
    expect(driver.all('timer')).to.deep.equal([])
  })

  it('ignore timers of other views, other heights, and other makes', () => {
    const driver = new Driver().agreeing()
    const { effects } = driver
    driver.votes('precommit', 0, null, 'b', 'c', 'd')
    driver.effects = effects
    expect(driver.fire('propose').effects).to.deep.equal([])
    driver.begin({ height: 6 }).updates('a', 'b', 'c', 'd')
    driver.effects = effects
    expect(driver.fire('propose').effects).to.deep.equal([])
    for (const id of ['', 'propose', 'nonsense:6:0']) {
      expect(driver.send({ type: 'timer', id }).effects).to.deep.equal([])
    }
  })
})

describe('votes', () => {
  it('of strangers, and from far ahead, are not kept', () => {
    const driver = new Driver().agreeing().votes('prevote', 0, null, 'x', 'y', 'z')
    driver
      .votes('prevote', 1_000_000, null, 'c', 'd')
      .votes('precommit', Number.MAX_SAFE_INTEGER, null, 'c', 'd')
    expect(driver.state.prevotes.size + driver.state.precommits.size).to.equal(0)
    expect(driver.state.view).to.equal(0)
    driver.proposal(1_000_000, 'B', { valid: null })
    expect(driver.state.proposals.size).to.equal(0)
  })

  it('that differ from the first are evidence, told once', () => {
    const driver = new Driver().agreeing().votes('prevote', 0, 'B', 'c').votes('prevote', 0, 'B', 'c')
    expect(driver.effects).to.deep.equal([])
    driver.votes('prevote', 0, null, 'c')
    expect(driver.all('evidence')).to.deep.equal([{ type: 'evidence', from: 'c', view: 0, kind: 'prevote' }])
    expect(driver.votes('prevote', 0, null, 'c').effects).to.deep.equal([])
  })

  it('of a liar count for each body it votes for, as they may have counted elsewhere', () => {
    const driver = new Driver({ faultModel: 'byzantine' }).agreeing().proposal(0, 'B')
    driver.votes('prevote', 0, null, 'd').votes('prevote', 0, 'B', 'a', 'b')
    expect(driver.vote).to.equal(undefined)
    expect(driver.votes('prevote', 0, 'B', 'd').vote).to.equal('precommit B')
  })

  it('of a liar count once for each body, and not without end', () => {
    const driver = new Driver({ faultModel: 'byzantine' }).agreeing().proposal(0, 'B')
    driver.votes('prevote', 0, null, 'd').votes('prevote', 0, 'B', 'a')
    driver.votes('prevote', 0, 'B', 'd').votes('prevote', 0, 'B', 'd', 'd')
    expect(driver.vote).to.equal(undefined)
    for (let i = 0; i < 100; i++) driver.votes('prevote', 0, `lie ${i}`, 'd')
    expect(driver.state.secondVotes.size).to.equal(8)
  })

  it('are not cast by who only watches, who follows all the same', () => {
    const driver = new Driver({}, 'guest').begin().proposal(0, 'B')
    expect(driver.state.step).to.equal('prevote')
    expect(driver.all('vote')).to.deep.equal([])
    driver.votes('prevote', 0, 'B', 'b', 'c', 'd')
    expect(driver.all('vote')).to.deep.equal([])
    expect(driver.votes('precommit', 0, 'B', 'b', 'c', 'd').all('commit').length).to.equal(1)
  })
})

describe('checks', () => {
  it('are asked for once a body', () => {
    const driver = new Driver().agreeing().proposal(0, 'B', { valid: null })
    expect(driver.all('check').length).to.equal(1)
    expect(driver.proposal(1, 'B', { valid: null }).all('check')).to.deep.equal([])
  })

  it('are not wasted on proposals far ahead', () => {
    const driver = new Driver().agreeing().proposal(3, 'B', { valid: null })
    expect(driver.all('check')).to.deep.equal([])
    expect(driver.votes('prevote', 2, null, 'c').all('check')).to.deep.equal([{ type: 'check', body: 'B' }])
  })
})

describe('a restarted peer', () => {
  const at = { body: 'B', view: 2 }
  const prevoted = { view: 2, kind: 'prevote' as const, body: 'B' }

  it('goes on behind its last vote', () => {
    const driver = new Driver().begin({}, { view: 2, locked: null, valid: null, votes: [prevoted] })
    expect(driver.state).to.include({ view: 2, step: 'prevote' })
    driver.proposal(2, 'C')
    expect(driver.vote).to.equal(undefined)
    driver.votes('prevote', 2, null, 'b', 'c')
    expect(driver.vote).to.equal('precommit nil')
  })

  it('proposes something new while what it holds valid cannot be checked', () => {
    const nil = { view: 0, kind: 'precommit' as const, body: null }
    const resume = { view: 0, locked: null, valid: { body: 'lost', view: 0 }, votes: [nil] }
    const driver = new Driver().begin({}, resume).updates('a', 'c', 'd')
    driver.votes('precommit', 0, null, 'c')
    expect(driver.state.view).to.equal(1)
    expect(driver.all('build')).to.deep.equal([{ type: 'build', view: 1, updates: ['ua', 'uc', 'ud'] }])
  })

  it('says nothing new about views that it had left', () => {
    const skipped = { view: 2, locked: null, valid: null, votes: [prevoted] }
    expect(new Driver().begin({}, skipped).all('vote')).to.deep.equal([])
  })

  it('does not precommit twice', () => {
    const votes = [prevoted, { view: 2, kind: 'precommit' as const, body: null }]
    const driver = new Driver().begin({}, { view: 2, locked: null, valid: null, votes }).proposal(2, 'B')
    driver.votes('prevote', 2, 'B', 'b', 'c', 'd')
    expect(driver.all('vote')).to.deep.equal([])
    expect(driver.state.locked).to.equal(null)
  })

  it('keeps its lock', () => {
    const votes = [prevoted, { ...prevoted, kind: 'precommit' as const }]
    const driver = new Driver().begin({}, { view: 2, locked: at, valid: at, votes })
    driver.votes('precommit', 2, null, 'b', 'c', 'd')
    expect(driver.state.view).to.equal(3)
    expect(driver.proposal(3, 'C').vote).to.equal('prevote nil')
  })

  it('never enters a view before its last vote: a lock made there would replace a later one', () => {
    const driver = new Driver().begin({}, { view: 0, locked: at, valid: at, votes: [prevoted] })
    expect(driver.state.view).to.equal(2)
  })

  it('proposes again what it was locked on only when it has recomputed it', () => {
    const votes = [0, 4].flatMap((view) => [{ ...prevoted, view }])
    const driver = new Driver().begin({}, { view: 4, locked: at, valid: at, votes })
    driver.votes('precommit', 4, null, 'b', 'c', 'd').fire('precommit')
    expect(driver.state).to.include({ view: 5, step: 'propose' })
    expect(driver.all('propose')).to.deep.equal([])
    driver.proposal(2, 'B')
    expect(driver.all('propose')).to.deep.equal([{ type: 'propose', view: 5, body: 'B', validView: 2 }])
  })

  it('that had said nothing begins the height like any other', () => {
    const driver = new Driver().begin({}, { view: 0, locked: null, valid: null, votes: [] })
    expect(driver.state.step).to.equal('collect')
  })

  it('that was far ahead knows its own votes', () => {
    const votes = [{ ...prevoted, view: 5000 }]
    const driver = new Driver().begin({}, { view: 5000, locked: null, valid: null, votes })
    expect(driver.state).to.include({ view: 5000, step: 'prevote' })
  })
})
