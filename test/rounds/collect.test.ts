import { expect } from 'chai'
import { Driver, HEIGHT } from './driver.ts'

describe('collecting updates', () => {
  it('begins with training and a deadline', () => {
    const driver = new Driver().begin()
    expect(driver.state.step).to.equal('collect')
    expect(driver.all('train')).to.deep.equal([{ type: 'train', round: 5 }])
    expect(driver.all('timer').map((timer) => timer.afterMs)).to.deep.equal([20_000])
  })

  it('does not train outside the cohort', () => {
    expect(new Driver().begin({ cohort: ['b', 'c'] }).all('train')).to.deep.equal([])
  })

  it('closes when all are in, with results to prepare in the order of the authors', () => {
    const driver = new Driver().begin().updates('c', 'a', 'd')
    expect(driver.state.step).to.equal('collect')
    driver.updates('b')
    expect(driver.state.step).to.equal('propose')
    expect(driver.all('prepare')).to.deep.equal([{ type: 'prepare', updates: ['ua', 'ub', 'uc', 'ud'] }])
  })

  it('waits only for the cohort', () => {
    const driver = new Driver().begin({ cohort: ['a', 'c'] }).updates('b', 'c')
    expect([...driver.state.updates.keys()]).to.deep.equal(['c'])
    expect(driver.updates('a').state.step).to.equal('propose')
  })

  it('does not wait for who goes away, nor closes without enough', () => {
    const driver = new Driver().begin().updates('a').connected('b', 'd')
    expect(driver.state.step).to.equal('collect')
    driver.updates('b')
    expect(driver.state.step).to.equal('collect')
    expect(driver.connected('b').state.step).to.equal('propose')
    expect(new Driver().begin().updates('a').connected().state.step).to.equal('collect')
  })

  it('waits for its own update, though it is not connected to itself', () => {
    expect(new Driver().begin().updates('b', 'c', 'd').state.step).to.equal('collect')
  })

  it('counts refused updates as delivered, but not towards the minimum', () => {
    const driver = new Driver({ minContributors: 3 }).begin().updates('a', 'b')
    driver.refused('c')
    expect(driver.refused('d').state.step).to.equal('collect')
    const enough = new Driver().begin().updates('a', 'b').refused('c').refused('d')
    expect(enough.state.step).to.equal('propose')
  })

  it('takes the first update of each author', () => {
    const driver = new Driver().begin().updates('b')
    driver.send({ type: 'update', author: 'b', update: { update: 'other', accepted: true } })
    expect(driver.state.updates.get('b')?.update).to.equal('ub')
  })

  it('closes at the deadline when there are enough', () => {
    const driver = new Driver().begin()
    const begun = driver.effects
    driver.updates('a', 'b')
    driver.effects = begun
    expect(driver.fire('deadline').state.step).to.equal('propose')
  })

  it('waits past the deadline for the minimum, and for no more', () => {
    const driver = new Driver().begin().fire('deadline')
    expect(driver.state.step).to.equal('collect')
    expect(driver.updates('c').state.step).to.equal('collect')
    expect(driver.updates('d').state.step).to.equal('propose')
  })

  it('moves the deadline closer once the majority is in', () => {
    const driver = new Driver().begin().updates('a')
    driver.now += 2000
    driver.updates('b')
    driver.now += 500
    driver.updates('c')
    expect(driver.all('timer').map((timer) => timer.afterMs)).to.deep.equal([5000])
    expect(driver.fire('deadline').state.step).to.equal('propose')
  })

  it("asks again when the deadline's timer fires early", () => {
    const driver = new Driver().begin().fire('deadline', 19_000)
    expect(driver.state.deadlinePassed).to.equal(false)
    expect(driver.all('timer').map((timer) => timer.afterMs)).to.deep.equal([1000])
  })

  it('ignores the deadline of another height', () => {
    const driver = new Driver().begin()
    const { effects } = driver
    driver.begin({ height: 6 }).updates('a', 'b')
    driver.effects = effects
    driver.now += 1_000_000
    expect(driver.fire('deadline').state.step).to.equal('collect')
    expect(driver.effects).to.deep.equal([])
  })

  it('learns how long rounds take', () => {
    const driver = new Driver()
    for (let height = 5; height < 30; height++) {
      driver.begin({ height })
      driver.now += 3000
      driver.updates('a', 'b', 'c', 'd')
    }
    expect(driver.state.collectMs).to.deep.equal(Array(16).fill(3000))
    expect(driver.begin({ height: 30 }).all('timer')[0].afterMs).to.equal(4800)
  })

  it('ends when the first proposer has closed and what it proposes holds', () => {
    const driver = new Driver().begin().updates('a').proposal(0, 'B', { valid: null })
    expect(driver.all('check')).to.deep.equal([{ type: 'check', body: 'B' }])
    expect(driver.state.step).to.equal('collect')
    driver.send({ type: 'checked', body: 'B', valid: true })
    expect(driver.vote).to.equal('prevote B')
  })

  it('is not ended by a proposal that does not hold', () => {
    const driver = new Driver().begin().updates('a').proposal(0, 'garbage', { valid: false })
    expect(driver.state.step).to.equal('collect')
    driver.updates('b', 'c', 'd')
    expect(driver.vote).to.equal('prevote nil')
  })

  it('ends when one correct member must have gone on', () => {
    const driver = new Driver().begin().votes('prevote', 0, 'B', 'c')
    expect(driver.state.step).to.equal('collect')
    expect(driver.votes('prevote', 0, 'B', 'd').state.step).to.equal('propose')
  })
})

describe('heights that only change who is a member', () => {
  const idle = (): Driver => new Driver().begin({ mode: 'membership', cohort: [] })

  it('are idle, without timers, until there is something to commit', () => {
    const driver = idle()
    expect(driver.state.step).to.equal('idle')
    expect(driver.effects).to.deep.equal([])
    driver.send({ type: 'pending', pending: true })
    expect(driver.state.step).to.equal('propose')
  })

  it('do not start over what was pending at the height before', () => {
    const driver = new Driver().send({ type: 'pending', pending: true })
    expect(driver.begin({ mode: 'membership', cohort: [] }).state.step).to.equal('idle')
  })

  it('wake up by a proposal that holds', () => {
    expect(idle().proposal(0, 'bad', { valid: false }).state.step).to.equal('idle')
    const driver = idle().proposal(0, 'B')
    expect(driver.vote).to.equal('prevote B')
  })

  it('wake up when one correct member has', () => {
    expect(idle().votes('prevote', 0, 'B', 'b').state.step).to.equal('idle')
    expect(idle().votes('prevote', 0, 'B', 'b', 'c').state.step).to.equal('propose')
  })

  it('have their proposer build once it knows of something, even late in its view', () => {
    const driver = new Driver({}, 'b').begin({ mode: 'membership', cohort: [] })
    driver.votes('prevote', 0, 'B', 'c', 'd')
    expect(driver.state.step).to.equal('propose')
    expect(driver.all('build')).to.deep.equal([])
    driver.send({ type: 'pending', pending: true })
    expect(driver.all('build')).to.deep.equal([{ type: 'build', view: 0, updates: [] }])
  })

  it('fall asleep again after a view without anything to commit', () => {
    const driver = idle().votes('prevote', 0, null, 'b', 'c')
    driver.votes('precommit', 0, null, 'b', 'c', 'd')
    expect(driver.state).to.include({ step: 'idle', view: 1 })
    expect(driver.all('timer')).to.deep.equal([])
    driver.send({ type: 'pending', pending: true })
    expect(driver.state).to.include({ step: 'propose', view: 1 })
  })

  it('stay awake once something that holds was proposed', () => {
    const driver = idle().proposal(0, 'B').votes('precommit', 0, null, 'b', 'c', 'd')
    expect(driver.state).to.include({ step: 'propose', view: 1 })
  })

  it('are decided like any other', () => {
    const driver = idle().proposal(0, 'B').votes('precommit', 0, 'B', 'b', 'c', 'd')
    expect(driver.all('commit')).to.deep.equal([{ type: 'commit', body: 'B', view: 0 }])
    expect(driver.begin({ height: HEIGHT.height + 1 }).state.step).to.equal('collect')
  })
})
