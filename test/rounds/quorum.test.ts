import { expect } from 'chai'
import fc from 'fast-check'
import { oneCorrect, proposerOrder, quorumSize, sampleCohort } from '../../src/rounds/quorum.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'
import type { RosterEntry } from '../../src/federation/records.ts'

const members = fc.integer({ min: 1, max: 2000 })
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
const rosters = fc
  .array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 40 })
  .map((missed) => missed.map((count, i) => ({ peer: `p${String(i).padStart(3, '0')}`, missed: count })))

function roster(size: number): RosterEntry[] {
  return Array.from({ length: size }, (_, i) => ({ peer: `p${String(i).padStart(3, '0')}`, missed: 0 }))
}

function rounds(cohort: number, minContributors = 1): Manifest['rounds'] {
  return {
    startMembers: 1,
    minContributors,
    cohort,
    deadline: { floorMs: 1, ceilingMs: 2, factor: 1 },
    maxMissed: 3,
    stop: { rounds: 1 }
  }
}

describe('quorumSize', () => {
  it('is more than a half, or more than two thirds', () => {
    const sizes = [1, 2, 3, 4, 5, 6, 7, 9, 10]
    expect(sizes.map((n) => quorumSize(n, 'crash'))).to.deep.equal([1, 2, 2, 3, 3, 4, 4, 5, 6])
    expect(sizes.map((n) => quorumSize(n, 'byzantine'))).to.deep.equal([1, 2, 3, 3, 4, 5, 5, 7, 7])
  })

  it('makes two quorums share a correct member', () => {
    fc.assert(
      fc.property(members, (n) => {
        expect(2 * quorumSize(n, 'crash') - n).to.be.at.least(1)
        const liars = Math.floor((n - 1) / 3)
        expect(2 * quorumSize(n, 'byzantine') - n).to.be.at.least(liars + 1)
      })
    )
  })

  it('can be reached without the faulty', () => {
    fc.assert(
      fc.property(members, (n) => {
        expect(quorumSize(n, 'crash')).to.be.at.most(n - Math.floor((n - 1) / 2))
        expect(quorumSize(n, 'byzantine')).to.be.at.most(n - Math.floor((n - 1) / 3))
      })
    )
  })
})

describe('oneCorrect', () => {
  it('is one more than may be faulty, and never more than a quorum', () => {
    expect([1, 4, 7].map((n) => oneCorrect(n, 'byzantine'))).to.deep.equal([1, 2, 3])
    expect([1, 2, 3, 4].map((n) => oneCorrect(n, 'crash'))).to.deep.equal([1, 1, 2, 2])
    fc.assert(
      fc.property(members, fc.constantFrom('crash' as const, 'byzantine' as const), (n, model) => {
        expect(oneCorrect(n, model)).to.be.within(1, quorumSize(n, model))
      })
    )
  })
})

describe('sampleCohort', () => {
  it('is everybody when the share is 1', () => {
    expect(sampleCohort(roster(5), rounds(1), new Uint8Array(32))).to.deep.equal(
      roster(5).map((entry) => entry.peer)
    )
  })

  it('is ascending, without repetition, of the roster, and of the size that the manifest says', () => {
    fc.assert(
      fc.property(
        rosters,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 50 }),
        seeds,
        (all, percent, min, seed) => {
          const cohort = sampleCohort(all, rounds(percent / 100, min), seed)
          const known = new Set(all.map((entry) => entry.peer))
          expect(cohort).to.deep.equal([...new Set(cohort)].sort())
          expect(cohort.every((peer) => known.has(peer))).to.equal(true)
          const share = Math.ceil((all.length * percent) / 100)
          expect(cohort.length).to.equal(Math.min(all.length, Math.max(share, min)))
        }
      )
    )
  })

  it('does not round a whole share up', () => {
    expect(sampleCohort(roster(100), rounds(0.07), new Uint8Array(32)).length).to.equal(7)
  })

  it('is the same on every peer, and another with another commit', () => {
    const pick = (fill: number): string[] =>
      sampleCohort(roster(40), rounds(0.5), new Uint8Array(32).fill(fill))
    expect(pick(1)).to.deep.equal(pick(1))
    expect(pick(1)).not.to.deep.equal(pick(2))
  })

  it('gives each member its turn', () => {
    const turns = new Map<string, number>()
    for (let i = 0; i < 200; i++) {
      const seed = new Uint8Array(32).fill(i)
      for (const peer of sampleCohort(roster(10), rounds(0.3), seed)) {
        turns.set(peer, (turns.get(peer) ?? 0) + 1)
      }
    }
    for (const entry of roster(10)) expect(turns.get(entry.peer)).to.be.within(30, 95)
  })
})

describe('proposerOrder', () => {
  it('is a permutation of the roster in which those that took part come first', () => {
    fc.assert(
      fc.property(rosters, seeds, (all, seed) => {
        const order = proposerOrder(all, seed)
        expect([...order].sort()).to.deep.equal(all.map((entry) => entry.peer))
        const absent = new Set(all.filter((entry) => entry.missed > 0).map((entry) => entry.peer))
        const flags = order.map((peer) => absent.has(peer))
        expect(flags).to.deep.equal([...flags].sort((a, b) => Number(a) - Number(b)))
      })
    )
  })

  it('rotates: over many commits everybody comes first about equally often', () => {
    const firsts = new Map<string, number>()
    for (let i = 0; i < 400; i++) {
      const seed = Uint8Array.of(i & 0xff, i >> 8, 7, 9)
      const [first] = proposerOrder(roster(4), seed)
      firsts.set(first, (firsts.get(first) ?? 0) + 1)
    }
    for (const entry of roster(4)) expect(firsts.get(entry.peer)).to.be.within(60, 140)
  })
})
