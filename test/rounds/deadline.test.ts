import { expect } from 'chai'
import fc from 'fast-check'
import { deadlineMs, median } from '../../src/rounds/deadline.ts'

const bounds = { floorMs: 1000, ceilingMs: 60_000, factor: 6 }
const durations = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 16 })

describe('deadlineMs', () => {
  it('is the ceiling while nothing is known', () => {
    expect(deadlineMs(bounds, [], null)).to.equal(60_000)
    expect(deadlineMs(bounds, [2000], null)).to.equal(60_000)
  })

  it('is three times what the majority took, before there is history', () => {
    expect(deadlineMs(bounds, [], 2000)).to.equal(6000)
    expect(deadlineMs(bounds, [500], 2000)).to.equal(6000)
  })

  it('is median + factor · MAD of recent durations', () => {
    // median 10 s; deviations 0, 1, 1, 2, 5 s: their median 1 s
    expect(deadlineMs(bounds, [10_000, 9000, 11_000, 12_000, 5000], null)).to.equal(16_000)
  })

  it('does not become brittle when rounds take equally long', () => {
    expect(deadlineMs(bounds, [10_000, 10_000, 10_000], null)).to.equal(16_000)
  })

  it('is not moved by one round that took forever', () => {
    const usual = [10_000, 10_500, 9500, 10_200, 9800]
    const before = deadlineMs(bounds, usual, null)
    expect(deadlineMs(bounds, [...usual, 10_000_000], null)).to.be.closeTo(before, 1500)
  })

  it('stays within floor and ceiling', () => {
    fc.assert(
      fc.property(durations, fc.option(fc.integer({ min: 0, max: 1e9 })), (recent, majority) => {
        expect(deadlineMs(bounds, recent, majority)).to.be.within(1000, 60_000)
      })
    )
  })

  it('gives at least the median round its time, below the ceiling', () => {
    fc.assert(
      fc.property(durations, (recent) => {
        fc.pre(recent.length >= 2)
        expect(deadlineMs(bounds, recent, null)).to.be.at.least(Math.min(60_000, median(recent)))
      })
    )
  })

  it('does not depend on the order of the rounds, and leaves them as they were', () => {
    fc.assert(
      fc.property(durations, (recent) => {
        const turned = Object.freeze([...recent].reverse())
        expect(deadlineMs(bounds, turned, 3000)).to.equal(deadlineMs(bounds, recent, 3000))
      })
    )
  })
})

describe('median', () => {
  it('is the middle value, or the mean of the two', () => {
    expect(median([3])).to.equal(3)
    expect(median([9, 1, 5])).to.equal(5)
    expect(median([4, 1, 2, 100])).to.equal(3)
  })
})
