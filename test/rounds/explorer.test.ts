import { expect } from 'chai'
import { Explorer } from './explorer.ts'

describe('every interleaving of a small configuration', () => {
  it('of three machines and two views keeps them of one mind (crash)', () => {
    const explored = new Explorer({ peers: 3, faultModel: 'crash' }).run()
    expect(explored.disagreement).to.equal(null)
    expect(explored.decided).to.deep.equal(['a0', 'b1'])
    expect(explored.nodes).to.be.above(1000)
  }).timeout(60_000)

  it('of three machines and a liar among four, and two views, keeps them of one mind (byzantine)', () => {
    const explored = new Explorer({ peers: 4, faultModel: 'byzantine', liars: ['d'] }).run()
    expect(explored.disagreement).to.equal(null)
    expect(explored.decided).to.deep.equal(['a0', 'b1'])
  }).timeout(60_000)

  it('finds how two machines decide differently where more lie than may', () => {
    const explored = new Explorer({ peers: 3, faultModel: 'crash', liars: ['c'] }).run()
    expect(explored.disagreement).not.to.equal(null)
    const two = new Explorer({ peers: 4, faultModel: 'byzantine', liars: ['c', 'd'] }).run()
    expect(two.disagreement).not.to.equal(null)
  }).timeout(60_000)
})
