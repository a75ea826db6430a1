import { expect } from 'chai'
import { BAN_POINTS, Conduct, FIRST_BAN_MS, LONGEST_BAN_MS } from '../../../protocols/common/conduct.ts'
import type { Ban, Offence } from '../../../protocols/common/conduct.ts'

const MINUTE_MS = 60_000

describe('the conduct of a peer', () => {
  let nowMs: number
  let bans: Ban[]
  let conduct: Conduct
  beforeEach(() => {
    nowMs = 1_000_000
    bans = []
    conduct = new Conduct({ nowMs: () => nowMs, onBan: (ban) => bans.push(ban) })
  })

  /** The same offence until there is one more ban; how often it took. */
  const untilBanned = (offence: Offence, everyMs = 0): number => {
    const before = bans.length
    for (let count = 1; ; count++) {
      if (count > 1000) throw new Error(`1000 times ${offence} and no ban`)
      conduct.heard('eve')
      conduct.blame('eve', offence)
      if (bans.length > before) return count
      nowMs += everyMs
    }
  }

  it('leads to a ban after a few offences, with its reason, of that peer alone', () => {
    expect(untilBanned('unreadable')).to.equal(4)
    expect(conduct.ban('eve')).to.deep.include({
      offence: 'unreadable',
      reason: 'it sent what nobody can read',
      leftMs: FIRST_BAN_MS
    })
    expect(conduct.ban('ada')).to.equal(undefined)
  })

  it('is forgotten with time: an accident a minute is no ban', () => {
    for (let i = 0; i < 1000; i++) {
      conduct.blame('eve', 'unreadable')
      nowMs += MINUTE_MS
    }
    expect(bans).to.deep.equal([])
  })

  it('adds up over different offences', () => {
    conduct.blame('eve', 'false-block')
    conduct.blame('eve', 'false-proposal')
    expect(bans.map(({ offence }) => offence)).to.deep.equal(['false-proposal'])
  })

  it('leads to bans that end by themselves and last twice as long each time, up to a cap', () => {
    const durations: number[] = []
    for (let i = 0; i < 10; i++) {
      untilBanned('false-block')
      const { leftMs } = conduct.ban('eve') as { leftMs: number }
      durations.push(leftMs)
      nowMs += leftMs - 1
      expect(conduct.ban('eve')).not.to.equal(undefined)
      nowMs += 1
      expect(conduct.ban('eve')).to.equal(undefined)
    }
    expect(durations.slice(0, 3)).to.deep.equal([FIRST_BAN_MS, 2 * FIRST_BAN_MS, 4 * FIRST_BAN_MS])
    expect(durations.at(-1)).to.equal(LONGEST_BAN_MS)
  })

  it('is a clean sheet again after hours without a ban', () => {
    untilBanned('false-block')
    nowMs += 24 * 60 * MINUTE_MS
    untilBanned('false-block')
    expect(bans[1].durationMs).to.equal(FIRST_BAN_MS)
  })

  it('says nothing about a peer that is banned already', () => {
    untilBanned('unreadable')
    for (let i = 0; i < 100; i++) conduct.blame('eve', 'unreadable')
    expect(bans).to.have.length(1)
    nowMs += FIRST_BAN_MS
    expect(untilBanned('unreadable')).to.equal(4)
  })

  it('is not held against a peer that is stopped or cut off: a stall counts only of one that talks elsewhere', () => {
    conduct.heard('eve')
    for (let i = 0; i < 100; i++) {
      nowMs += 5_000
      conduct.blame('eve', 'stall')
    }
    expect(bans).to.deep.equal([])
    expect(untilBanned('stall', 10_000)).to.be.at.most(4)
  })

  it('counts one stall when many streams break at the same moment', () => {
    conduct.heard('eve')
    for (let i = 0; i < 16; i++) conduct.blame('eve', 'stall')
    expect(bans).to.deep.equal([])
  })

  it('is held against a peer that breaks off its answers, once for all that break at the same moment', () => {
    for (let i = 0; i < 16; i++) conduct.blame('eve', 'break-off')
    expect(bans).to.deep.equal([])
    nowMs += 1_000
    expect(untilBanned('break-off', 1_000)).to.equal(2)
    expect(bans[0].reason).to.include('broke off')
  })

  it('takes many refused floods to be a ban', () => {
    expect(untilBanned('flood')).to.equal(BAN_POINTS / 2)
  })

  it('is remembered of a bounded number of peers, of the banned before the others', () => {
    untilBanned('unreadable')
    for (let i = 0; i < 5000; i++) conduct.blame(`peer ${i}`, 'flood')
    expect(conduct.ban('eve')).not.to.equal(undefined)
  })
})
