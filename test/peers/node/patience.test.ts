import { expect } from 'chai'
import { Bookkeeping } from '../../../peers/node/peer/bookkeeping.ts'
import { patienceMs } from '../../../peers/node/peer/patience.ts'

describe('the patience with a member that does not answer', () => {
  it('is a usual round, half of it for a proposer, within bounds', () => {
    expect(patienceMs(2_000, false)).to.equal(2_000)
    expect(patienceMs(2_000, true)).to.equal(1_000)
    expect([patienceMs(10, false), patienceMs(10, true)]).to.deep.equal([1_000, 400])
    expect([patienceMs(60_000, false), patienceMs(60_000, true)]).to.deep.equal([6_000, 6_000])
  })

  it('is long while no round was seen', () => {
    expect(patienceMs(new Bookkeeping().usualMs, true)).to.equal(6_000)
  })

  it('does not grow by a round that took long', () => {
    const books = new Bookkeeping()
    for (const [i, durationMs] of [700, 900, 30_000, 800].entries()) books.committed(i + 1, durationMs)
    expect(books.usualMs).to.equal(850)
  })
})
