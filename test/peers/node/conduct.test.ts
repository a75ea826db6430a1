import { expect } from 'chai'
import { refusedAlone } from '../../../peers/node/peer/conduct.ts'
import { peers, someCid } from '../../rounds/ledger.ts'
import type { Contribution } from '../../../src/federation/records.ts'

function contributions(refused: number, accepted: number): { contributions: Contribution[] } {
  const all = peers(refused + accepted).map((author, i) => ({
    author,
    update: someCid(i),
    weight: 0,
    samples: 1,
    ...(i < refused ? { refused: 'norm' as const } : {})
  }))
  return { contributions: all }
}

describe('whom a refused update is held against', () => {
  it('is its author, when most others are accepted', () => {
    expect(refusedAlone(contributions(1, 4))).to.deep.equal(peers(5).slice(0, 1))
    expect(refusedAlone(contributions(0, 4))).to.deep.equal([])
  })

  it('is nobody, when it is the training that diverges', () => {
    expect(refusedAlone(contributions(3, 2))).to.deep.equal([])
    expect(refusedAlone(contributions(1, 1))).to.deep.equal([])
    expect(refusedAlone(contributions(4, 0))).to.deep.equal([])
  })
})
