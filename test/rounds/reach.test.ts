import { expect } from 'chai'
import { Driver, HEIGHT } from './driver.ts'

/** Never connected to `d`. */
const partly = (): Driver => new Driver({}, 'a', ['b', 'c'])
const NEXT = { height: 6, round: 6, previous: 'commit 5' }

describe('members that are heard by others', () => {
  it('are waited for at the next height, as those are that are connected', () => {
    const relayed = partly().begin().updates('a', 'b', 'c', 'd')
    relayed.begin(NEXT).updates('a', 'b', 'c')
    expect(relayed.state.step).to.equal('collect')
    expect(relayed.updates('d').state.step).to.equal('propose')
  })

  it('count as heard by a vote alone', () => {
    const driver = partly().begin().votes('prevote', 0, null, 'd')
    expect(driver.begin(NEXT).updates('a', 'b', 'c').state.step).to.equal('collect')
  })

  it('are not waited for after a height in which nothing was heard of them', () => {
    const driver = partly().begin().updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('propose')
    expect(driver.begin(NEXT).updates('a', 'b', 'c').state.step).to.equal('propose')
  })

  it('cost one deadline when they are dead', () => {
    const driver = partly().begin().updates('a', 'b', 'c', 'd')
    driver.begin(NEXT).updates('a', 'b')
    driver.now += 10
    driver.updates('c').fire('deadline', 20_000)
    expect(driver.state.step).to.equal('propose')
    driver.begin({ ...NEXT, height: 7 }).updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('propose')
  })

  it('are not waited for once their own connection has ended, whatever was heard before', () => {
    const driver = new Driver().agreeing().connected('b', 'c').begin(NEXT).updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('propose')
    const during = new Driver().agreeing().begin(NEXT).updates('a', 'b', 'c')
    expect(during.state.step).to.equal('collect')
    expect(during.connected('b', 'c').state.step).to.equal('propose')
  })

  it('are waited for again when they came back, or are heard at a height after the one that lost them', () => {
    const back = new Driver().agreeing().connected('b', 'c').connected('b', 'c', 'd')
    expect(back.begin(NEXT).updates('a', 'b', 'c').state.step).to.equal('collect')
    const heard = new Driver().agreeing().connected('b', 'c').begin(NEXT).updates('a', 'b', 'c', 'd')
    expect(heard.begin({ ...NEXT, height: 7 }).updates('a', 'b', 'c').state.step).to.equal('collect')
  })

  it('get the whole of their time as proposers', () => {
    const driver = new Driver({}, 'a', ['c', 'd']).begin().updates('a', 'b', 'c', 'd').begin(NEXT)
    driver.updates('a', 'b', 'c', 'd')
    expect(driver.all('timer').map(({ afterMs }) => afterMs)).to.deep.equal([1000])
  })
})

describe('members that were present of late', () => {
  it('are waited for though nothing was heard of them here: newcomers, and those that others know', () => {
    const driver = partly()
      .begin({ present: ['a', 'd'] })
      .updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('collect')
    expect(driver.updates('d').state.step).to.equal('propose')
  })

  it('are not waited for from the moment on when their own connection ends, at later heights neither', () => {
    const driver = new Driver().begin({ present: HEIGHT.roster }).updates('a', 'b', 'c').connected('b', 'c')
    expect(driver.state.step).to.equal('propose')
    driver.begin({ ...NEXT, present: HEIGHT.roster }).updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('propose')
    driver.begin({ ...NEXT, height: 7, present: HEIGHT.roster }).updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('propose')
  })
})
