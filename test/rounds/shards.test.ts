import { expect } from 'chai'
import fc from 'fast-check'
import { nextHeight, shardsOf } from '../../src/rounds/index.ts'
import { exchangeSchema } from '../../src/federation/manifest/exchange.ts'
import { peers, someTip } from './ledger.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'

function butterfly(tip: LedgerTip): LedgerTip {
  return { ...tip, manifest: { ...tip.manifest, exchange: exchangeSchema.parse({ topology: 'butterfly' }) } }
}

describe('the parts of a vector', () => {
  it('are one, which each reduces for itself, in the full exchange', () => {
    const tip = someTip()
    expect(shardsOf(tip, nextHeight(tip), { length: 1000, stretch: 10 })).to.deep.equal([
      { from: 0, to: 1000, owner: null }
    ])
  })

  it('cover it in order, whole blocks each, one a member and about as large as the others', () => {
    const sizes = fc.tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 1, max: 40 }), fc.nat(5000))
    fc.assert(
      fc.property(sizes, ([members, stretch, more]) => {
        const length = members * stretch + more
        const present = peers(members)
        const shards = shardsOf(butterfly(someTip()), { present, mode: 'train' }, { length, stretch })
        expect(shards.map(({ owner }) => owner)).to.deep.equal(present)
        expect(shards.map(({ from }) => from)).to.deep.equal([0, ...shards.slice(0, -1).map(({ to }) => to)])
        expect(shards.at(-1)?.to).to.equal(length)
        for (const { from } of shards) expect(from % stretch).to.equal(0)
        const counts = shards.map(({ from, to }) => Math.ceil((to - from) / stretch))
        expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1)
      })
    )
  })

  it('are one where there are fewer blocks than members, or nobody to share with, or nothing to train', () => {
    const tip = butterfly(someTip())
    const whole = [{ from: 0, to: 39, owner: null }]
    expect(shardsOf(tip, { present: peers(5), mode: 'train' }, { length: 39, stretch: 10 })).to.deep.equal(
      whole
    )
    expect(shardsOf(tip, { present: peers(1), mode: 'train' }, { length: 39, stretch: 10 })).to.deep.equal(
      whole
    )
    expect(
      shardsOf(tip, { present: peers(3), mode: 'membership' }, { length: 39, stretch: 10 })
    ).to.deep.equal(whole)
  })
})
