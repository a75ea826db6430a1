import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { isOnCommittee, quorumSize } from '../../src/rounds/index.ts'
import { integerBelow, seededRandom, shuffle } from '../../src/random.ts'
import { Driver } from './driver.ts'
import type { Height } from '../../src/rounds/index.ts'

const ROSTER = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
/** In view 0 `a`, `b` and `c` fetch the updates, in view 1 `b`, `c` and `d`. */
const SEVEN: Partial<Height> = { roster: ROSTER, proposers: ROSTER, cohort: ROSTER, committee: 3 }

function member(self: string, config = {}): Driver {
  return new Driver(config, self, ROSTER).begin(SEVEN)
}

function announced(driver: Driver, ...authors: string[]): Driver {
  for (const author of authors) {
    const update = { update: `u${author}`, accepted: true, announced: true }
    driver.send({ type: 'update', author, update })
  }
  return driver
}

function proposed(driver: Driver, view: number, body: string, lapses = false): Driver {
  const from = ROSTER[view]
  return driver.send({ type: 'proposal', from, view, proposal: { body, validView: -1, lapses } })
}

const checked = (driver: Driver, body: string): Driver => driver.send({ type: 'checked', body, valid: true })

describe('the committee of a view', () => {
  const on = (view: number): string[] =>
    ROSTER.filter((peer) => isOnCommittee({ proposers: ROSTER, committee: 3 }, peer, view))

  it('is its proposer and those that propose next', () => {
    expect([0, 1, 5, 6, 7].map((view) => on(view).join(''))).to.deep.equal([
      'abc',
      'bcd',
      'afg',
      'abg',
      'abc'
    ])
  })

  it('is everybody where there is none', () => {
    expect(isOnCommittee({ proposers: ROSTER }, 'g', 0)).to.equal(true)
    expect(isOnCommittee({ proposers: ROSTER }, 'stranger', 0)).to.equal(true)
  })

  it('is, in some view, with a proposer that is there and a quorum of it, whenever a quorum of the roster is', () => {
    const random = seededRandom(1)
    for (let i = 0; i < 2000; i++) {
      const size = 5 + integerBelow(random, 30)
      const proposers = Array.from({ length: size }, (_, k) => `p${k}`)
      const committee = 4 + integerBelow(random, size - 4)
      for (const model of ['crash', 'byzantine'] as const) {
        const there = new Set(shuffle([...proposers], random).slice(0, quorumSize(size, model)))
        const isGood = (view: number): boolean => {
          const members = proposers.filter((peer) => isOnCommittee({ proposers, committee }, peer, view))
          const live = members.filter((peer) => there.has(peer)).length
          return there.has(proposers[view]) && live >= quorumSize(committee, model)
        }
        expect(
          proposers.some((_, view) => isGood(view)),
          `${size} ${committee} ${model}`
        ).to.equal(true)
      }
    }
  })
})

describe('a member on the committee', () => {
  it('recomputes what is proposed', () => {
    const driver = proposed(member('b').updates(...ROSTER), 0, 'X')
    expect(driver.all('check')).to.deep.equal([{ type: 'check', body: 'X' }])
    expect(checked(driver, 'X').vote).to.equal('prevote X')
  })

  it('goes by its own result, whatever the others prevote', () => {
    const driver = proposed(member('b').updates(...ROSTER), 0, 'X')
    driver.votes('prevote', 0, 'X', 'a', 'c', 'd', 'e')
    expect(driver.all('check')).to.deep.equal([])
    expect(driver.send({ type: 'checked', body: 'X', valid: false }).vote).to.equal('prevote nil')
  })

  it('whose own work takes longer than the view believes the others', () => {
    const driver = proposed(member('c').updates(...ROSTER), 0, 'X')
    driver.votes('prevote', 0, 'X', 'a', 'b').votes('prevote', 1, null, 'e')
    expect(driver.state.view).to.equal(1)
    expect(driver.all('check')).to.deep.equal([{ type: 'check', body: 'X', attested: true }])
  })

  it('proposes what is here, not what was only announced', () => {
    const driver = announced(member('d', { minContributors: 2 }), 'a', 'b', 'c').updates('d')
    driver.votes('prevote', 3, 'Y', 'b', 'c', 'e', 'f')
    expect(driver.state.view).to.equal(3)
    expect(driver.all('build')).to.deep.equal([])
    driver.updates('a')
    expect(driver.all('build')).to.deep.equal([{ type: 'build', view: 3, updates: ['ua', 'ud'] }])
  })
})

describe('a member that is not on the committee', () => {
  it('does not close the collection before the committee has, however much was announced', () => {
    const driver = announced(member('g'), ...ROSTER)
    expect(driver.state.step).to.equal('collect')
    driver.votes('prevote', 0, null, 'a')
    expect(driver.state.step).to.equal('collect')
    driver.votes('prevote', 0, null, 'c')
    expect(driver.state.step).to.equal('propose')
    expect(driver.all('prepare')).to.deep.equal([])
  })

  it('does so after the deadline', () => {
    const driver = announced(member('g'), ...ROSTER)
    driver.now += 20_000
    expect(driver.send({ type: 'timer', id: 'deadline:5:0' }).state.step).to.equal('propose')
  })

  it('believes a body that a quorum of the committee has prevoted, and nobody else', () => {
    const driver = proposed(member('g'), 0, 'X')
    expect(driver.all('check')).to.deep.equal([])
    driver.votes('prevote', 0, 'X', 'a', 'd', 'e')
    expect(driver.all('check')).to.deep.equal([])
    driver.votes('prevote', 0, 'X', 'b')
    expect(driver.all('check')).to.deep.equal([{ type: 'check', body: 'X', attested: true }])
    expect(checked(driver, 'X').vote).to.equal('prevote X')
  })

  it('does not count the committee of another view', () => {
    const driver = proposed(member('g'), 1, 'X')
    expect(driver.votes('prevote', 1, 'X', 'a', 'b').all('check')).to.deep.equal([])
    expect(driver.votes('prevote', 1, 'X', 'd').all('check')).to.have.length(1)
  })

  it('believes so many of the roster that one of them has made sure', () => {
    const driver = proposed(member('g'), 0, 'X').votes('prevote', 0, 'X', 'd', 'e', 'f')
    expect(driver.all('check')).to.deep.equal([])
    expect(driver.votes('prevote', 0, 'X', 'a').all('check')).to.have.length(1)
  })

  it('needs more than two thirds of the committee under byzantine', () => {
    const height = { ...SEVEN, committee: 5 }
    const driver = proposed(new Driver({ faultModel: 'byzantine' }, 'g', ROSTER).begin(height), 0, 'X')
    // Of seven any three may be believed: one more than may lie.
    driver.votes('prevote', 0, 'X', 'a', 'b')
    expect(driver.all('check')).to.deep.equal([])
    expect(driver.votes('prevote', 0, 'X', 'c').all('check')).to.have.length(1)
  })

  describe('that takes what the committee has agreed on', () => {
    /** The committee began after ten seconds; a time-out for proposals is one. */
    const downloading = (): Driver => {
      const driver = announced(member('g'), ...ROSTER)
      driver.now += 10_000
      driver.votes('prevote', 0, 'X', 'a', 'b')
      const timer = driver.all('timer').find(({ id }) => id.startsWith('propose'))
      proposed(driver, 0, 'X')
      expect(driver.all('check')).to.have.length(1)
      driver.now += 1000
      return driver.send({ type: 'timer', id: timer?.id ?? '' })
    }

    it('waits for that half as long as the updates took, beyond its time-out', () => {
      const driver = downloading()
      expect([driver.vote, driver.all('timer').map(({ afterMs }) => afterMs)]).to.deep.equal([
        undefined,
        [5000]
      ])
      expect(checked(driver, 'X').vote).to.equal('prevote X')
    })

    it('does so once', () => {
      const driver = downloading()
      const [{ id }] = driver.all('timer')
      driver.now += 5000
      expect(driver.send({ type: 'timer', id }).vote).to.equal('prevote nil')
    })
  })

  it('gives a round up when the committee does, though more was announced', () => {
    const driver = announced(member('g', { minContributors: 2 }), 'a', 'b')
    driver.votes('prevote', 0, 'L', 'a', 'b')
    expect(checked(proposed(driver, 0, 'L', true), 'L').vote).to.equal('prevote L')
  })

  it('completes an announced update once, and keeps to it', () => {
    const driver = announced(member('g'), 'a').updates('a')
    driver.send({ type: 'update', author: 'a', update: { update: 'other', accepted: true } })
    expect(driver.state.updates.get('a')).to.deep.equal({ update: 'ua', accepted: true })
  })
})

describe('the documented table of committees that are lost to liars', () => {
  /** How many ways there are to choose k of n. */
  const choose = (n: number, k: number): bigint => {
    let ways = 1n
    for (let i = 1; i <= k; i++) ways = (ways * BigInt(n - k + i)) / BigInt(i)
    return ways
  }

  /** The probability that of a committee drawn among these members a quorum are liars. */
  const lost = (members: number, liars: number, committee: number): number => {
    let ways = 0n
    for (let k = quorumSize(committee, 'byzantine'); k <= Math.min(committee, liars); k++)
      ways +=
        choose(liars, k) * (committee - k > members - liars ? 0n : choose(members - liars, committee - k))
    return Number((ways * 10n ** 30n) / choose(members, committee)) / 1e30
  }

  it('says what the hypergeometric distribution does', async () => {
    const text = await readFile(new URL('../../docs/agreement.md', import.meta.url), 'utf8')
    const rows = [...text.matchAll(/^\| (\d+) +\| (\d+), (\d+) +\| (\S+) +\| (\S+) +\| (\S+) +\|$/gm)]
    expect(rows).to.have.length(6)
    for (const [row, members, committee, quorum, ...shares] of rows) {
      expect(quorumSize(Number(committee), 'byzantine'), row).to.equal(Number(quorum))
      const found = [0.1, 0.2, 0.3].map((share) =>
        lost(Number(members), Math.round(share * Number(members)), Number(committee))
      )
      const written = found.map((one) => (one === 0 ? '0' : one.toExponential(0)))
      expect(shares, row).to.deep.equal(written)
    }
  })
})
