import { expect } from 'chai'
import { Driver, HEIGHT } from './driver.ts'

const NEXT = { height: 6, round: 6, previous: 'commit 5' }

describe('members that are heard by others', () => {
  it('are waited for at the next height, as those are that are connected', () => {
    const relayed = new Driver().connected('b', 'c').begin().updates('a', 'b', 'c', 'd')
    relayed.begin(NEXT).updates('a', 'b', 'c')
    expect(relayed.state.step).to.equal('collect')
    expect(relayed.updates('d').state.step).to.equal('propose')
  })

  it('count as heard by a vote alone', () => {
    const driver = new Driver().connected('b', 'c').begin().votes('prevote', 0, null, 'd')
    expect(driver.begin(NEXT).updates('a', 'b', 'c').state.step).to.equal('collect')
  })

  it('are not waited for after a height in which nothing was heard of them', () => {
    const driver = new Driver().connected('b', 'c').begin().updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('propose')
    expect(driver.begin(NEXT).updates('a', 'b', 'c').state.step).to.equal('propose')
  })

  it('cost one deadline when they are dead', () => {
    const driver = new Driver().connected('b', 'c').begin().updates('a', 'b', 'c', 'd')
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
    const driver = new Driver().connected('c', 'd').begin().updates('a', 'b', 'c', 'd').begin(NEXT)
    driver.updates('a', 'b', 'c', 'd')
    expect(driver.all('timer').map(({ afterMs }) => afterMs)).to.deep.equal([1000])
  })
})

describe('a newcomer', () => {
  const roster = ['a', 'b', 'c']

  it('is waited for from its admission on, before it is connected to all', () => {
    const driver = new Driver().connected('b', 'c').begin({ roster, proposers: roster, cohort: roster })
    driver.begin(NEXT).updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('collect')
  })

  it('is waited for in the first training after its admission, however many heights admit others first', () => {
    const admitting = { mode: 'membership', cohort: [] } as const
    const driver = new Driver().connected('b', 'c').begin({ roster, proposers: roster, ...admitting })
    driver.begin({ ...NEXT, ...admitting }).begin({ ...NEXT, height: 7 })
    expect(driver.updates('a', 'b', 'c').state.step).to.equal('collect')
  })

  it('is nobody of the roster that a peer finds when it starts', () => {
    const driver = new Driver().connected('b', 'c').begin(HEIGHT).updates('a', 'b', 'c')
    expect(driver.state.step).to.equal('propose')
  })
})
