import { expect } from 'chai'
import { RateLimits } from '../../../protocols/common/rate-limits.ts'

describe('rate limits', () => {
  let nowMs = 0
  const limits = (maxKeys = 10): RateLimits =>
    new RateLimits({ perSecond: 10, burst: 3, nowMs: () => nowMs, maxKeys })

  const takes = (of: RateLimits, key: string, count: number): boolean[] =>
    Array.from({ length: count }, () => of.take(key))

  it('allow a burst, then one at a time as time goes by', () => {
    const own = limits()
    expect(takes(own, 'a', 4)).to.deep.equal([true, true, true, false])
    nowMs += 99
    expect(own.take('a')).to.equal(false)
    nowMs += 1
    expect(takes(own, 'a', 2)).to.deep.equal([true, false])
  })

  it('earn no more than a burst, however long nothing happens', () => {
    const own = limits()
    takes(own, 'a', 4)
    nowMs += 3_600_000
    expect(takes(own, 'a', 4)).to.deep.equal([true, true, true, false])
  })

  it('charge more for what costs more, and nothing for what is refused', () => {
    const own = limits()
    expect(own.take('a', 2)).to.equal(true)
    expect(own.take('a', 2)).to.equal(false)
    expect(own.take('a', 1)).to.equal(true)
  })

  it('let what cannot wait go into debt, spaced by its own time', () => {
    const own = limits()
    expect(Array.from({ length: 5 }, () => own.reserve('a'))).to.deep.equal([0, 0, 0, 100, 200])
    expect(own.take('a')).to.equal(false)
    nowMs += 200
    expect(own.reserve('a')).to.equal(100)
    nowMs += 60_000
    expect(Array.from({ length: 4 }, () => own.reserve('a'))).to.deep.equal([0, 0, 0, 100])
  })

  it('keep keys apart', () => {
    const own = limits()
    takes(own, 'a', 4)
    expect(own.take('b')).to.equal(true)
  })

  it('remember a bounded number of keys, the most recently used', () => {
    const own = limits(2)
    takes(own, 'old', 4)
    takes(own, 'a', 4)
    takes(own, 'b', 4)
    expect(own.take('a')).to.equal(false)
    expect(own.take('old')).to.equal(true)
  })

  it('do not mind a clock that steps back', () => {
    const own = limits()
    takes(own, 'a', 3)
    nowMs -= 10_000
    expect(own.take('a')).to.equal(false)
  })
})
