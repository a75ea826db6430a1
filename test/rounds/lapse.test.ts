import { expect } from 'chai'
import { isLapse, makeBody, nextHeight } from '../../src/rounds/index.ts'
import { Driver } from './driver.ts'
import { peers, someInput, someTip, someUpdate } from './ledger.ts'

const LAPSING = { minContributors: 3 }

/** The deadline of a round passes in which `a` and `b` deliver and nobody else is connected. */
function lapsing(connected = ['b']): Driver {
  const driver = new Driver(LAPSING)
    .begin()
    .updates('a', 'b')
    .connected(...connected)
  driver.now += 20_000
  return driver.send({ type: 'timer', id: 'deadline:5:0' })
}

/** As `proposal`, of a body that gives the round up. */
function proposeLapse(driver: Driver, view: number, validView = -1): Driver {
  const from = driver.state.height.proposers[view % 4]
  driver.send({ type: 'proposal', from, view, proposal: { body: 'L', validView, lapses: true } })
  return driver.send({ type: 'checked', body: 'L', valid: true })
}

describe('a round in which too few deliver', () => {
  it('is given up after the deadline, once nobody is connected that could deliver', () => {
    const driver = new Driver(LAPSING).begin().updates('a', 'b').connected('b')
    expect(driver.state.step).to.equal('collect')
    expect(lapsing().state.step).to.equal('propose')
    expect(proposeLapse(lapsing(), 0).vote).to.equal('prevote L')
  })

  it('is proposed to be given up by whose turn it is', () => {
    const driver = lapsing().votes('prevote', 1, null, 'b')
    expect(driver.state.view).to.equal(1)
    expect(driver.all('build')).to.deep.equal([{ type: 'build', view: 1, updates: ['ua', 'ub'] }])
  })

  it('is not given up while a member that is connected, or this one itself, has not delivered', () => {
    expect(lapsing(['b', 'c']).state.step).to.equal('collect')
    const still = new Driver(LAPSING).begin().updates('b').connected('b')
    still.now += 20_000
    expect(still.send({ type: 'timer', id: 'deadline:5:0' }).state.step).to.equal('collect')
  })

  it('is given up as soon as the last that could deliver goes', () => {
    expect(lapsing(['b', 'c']).connected('b').state.step).to.equal('propose')
  })

  it('is not given up once there are enough after all', () => {
    const driver = lapsing().updates('c').votes('prevote', 1, null, 'b')
    expect(driver.all('build')).to.deep.equal([{ type: 'build', view: 1, updates: ['ua', 'ub', 'uc'] }])
  })
})

describe('a hasty proposal to give a round up', () => {
  it('closes nobody’s collection', () => {
    const driver = new Driver(LAPSING).begin().updates('a', 'b')
    expect(proposeLapse(driver, 0).state.step).to.equal('collect')
  })

  it('is left to its time-out by who has enough, and then voted against', () => {
    const driver = new Driver(LAPSING).agreeing()
    const timer = driver.all('timer').find(({ id }) => id.startsWith('propose'))
    expect(proposeLapse(driver, 0).vote).to.equal(undefined)
    driver.send({ type: 'timer', id: timer?.id ?? '' })
    expect(driver.vote).to.equal('prevote nil')
  })

  it('is agreed to when it comes again with the prevotes of a quorum', () => {
    const driver = new Driver(LAPSING).agreeing().votes('prevote', 0, 'L', 'b', 'c', 'd')
    driver.votes('precommit', 0, null, 'b', 'c', 'd').votes('prevote', 2, null, 'c')
    expect(driver.state.view).to.equal(2)
    expect(proposeLapse(driver, 2, 0).vote).to.equal('prevote L')
  })

  it('decides when a quorum precommits it, whatever this peer thinks', () => {
    const driver = proposeLapse(new Driver(LAPSING).begin().updates('a'), 0)
    driver.votes('precommit', 0, 'L', 'b', 'c', 'd')
    expect(driver.all('commit')).to.deep.equal([{ type: 'commit', body: 'L', view: 0 }])
  })

  it('is voted against at once when it does not hold', () => {
    const driver = new Driver(LAPSING).agreeing()
    const proposal = { body: 'L', validView: -1, lapses: true }
    driver.send({ type: 'proposal', from: 'b', view: 0, proposal })
    expect(driver.send({ type: 'checked', body: 'L', valid: false }).vote).to.equal('prevote nil')
  })
})

describe('the body that gives a round up', () => {
  const [a, b, c, d] = peers(4)
  const roster = [a, b, c, d].map((peer) => ({ peer, missed: 0 }))
  const tip = someTip({ rounds: { minContributors: 3, maxMissed: 2 }, body: { roster, round: 4 } })
  const lapse = makeBody(someInput(tip, { updates: [someUpdate(a), someUpdate(b, { refused: 'norm' })] }))

  it('says who delivered, counts none of it, and does not count as a round', () => {
    expect(isLapse(nextHeight(tip), lapse)).to.equal(true)
    expect(lapse.round).to.equal(4)
    expect(lapse.evaluation).to.deep.equal(tip.body.evaluation)
    expect(lapse.contributions.map(({ author, weight, refused }) => [author, weight, refused])).to.deep.equal(
      [
        [a, 0, 'too-few'],
        [b, 0, 'norm']
      ]
    )
    expect(lapse.roster.map(({ missed }) => missed)).to.deep.equal([0, 0, 1, 1])
  })

  it('is not made of enough updates, nor where nobody trains', () => {
    const enough = makeBody(someInput(tip, { updates: [a, b, c].map((peer) => someUpdate(peer)) }))
    expect(isLapse(nextHeight(tip), enough)).to.equal(false)
    expect(enough.round).to.equal(5)
    expect(isLapse({ ...nextHeight(tip), mode: 'membership' }, lapse)).to.equal(false)
  })

  it('lets the dead leave, so that others can come in their place', () => {
    const present = [a, b, c].map((peer) => someUpdate(peer))
    const waiting = someTip({ rounds: { minContributors: 4, maxMissed: 1 }, body: { roster, round: 4 } })
    const body = makeBody(someInput(waiting, { updates: present }))
    expect(body.roster.map(({ peer }) => peer)).to.deep.equal([a, b, c])
    expect(nextHeight({ ...waiting, body })).to.deep.include({ mode: 'membership', round: 4 })
  })
})
