import { expect } from 'chai'
import fc from 'fast-check'
import { integerBelow, normal, randomFrom, seededRandom, shuffle, uniform } from '../src/random.ts'
import type { Random } from '../src/random.ts'

const draws = (random: Random, count: number): number[] => Array.from({ length: count }, () => random())
const seeds = fc.integer({ min: 0, max: 0xffffffff })

describe('seededRandom', () => {
  it('draws the same numbers for the same seed, on every platform and in every version', () => {
    expect(draws(seededRandom(1), 4)).to.deep.equal([1158143329, 1721850977, 631385185, 16374829])
  })

  it('draws other numbers for another seed, or for the same words in another order', () => {
    expect(draws(seededRandom(1, 2), 4)).not.to.deep.equal(draws(seededRandom(2, 1), 4))
    expect(draws(seededRandom(0), 4)).not.to.deep.equal(draws(seededRandom(0, 0), 4))
  })

  it('draws unsigned 32-bit integers', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [draw] = draws(seededRandom(seed), 1)
        expect(draw).to.equal(draw >>> 0)
      })
    )
  })

  it('sets each bit half of the time', () => {
    const all = draws(seededRandom(7), 20_000)
    for (let bit = 0; bit < 32; bit++) {
      const share = all.filter((draw) => (draw >>> bit) & 1).length / all.length
      expect(share).to.be.closeTo(0.5, 0.02)
    }
  })
})

describe('randomFrom', () => {
  it('depends on every byte, and on the words after them', () => {
    const bytes = Uint8Array.from({ length: 33 }, (_, i) => i)
    const base = draws(randomFrom(bytes), 2)
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice()
      changed[i] ^= 1
      expect(draws(randomFrom(changed), 2)).not.to.deep.equal(base)
    }
    expect(draws(randomFrom(bytes, 1), 2)).not.to.deep.equal(base)
    expect(draws(randomFrom(bytes.slice()), 2)).to.deep.equal(base)
  })
})

describe('uniform', () => {
  it('is in [0, 1), exact in float32, with mean 1/2', () => {
    const random = seededRandom(3)
    let sum = 0
    for (let i = 0; i < 20_000; i++) {
      const x = uniform(random)
      if (!(x >= 0 && x < 1) || Math.fround(x) !== x) throw new Error(`${x} is out of range or not a float32`)
      sum += x
    }
    expect(sum / 20_000).to.be.closeTo(0.5, 0.01)
  })
})

describe('integerBelow', () => {
  it('stays below its bound', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 0xffffffff }), (seed, below) => {
        expect(integerBelow(seededRandom(seed), below)).to.be.within(0, below - 1)
      })
    )
  })

  it('draws again where taking the remainder would favour small numbers', () => {
    const given = [0xffffffff, 0xfffffffe, 5]
    expect(integerBelow(() => given.shift() ?? 0, 3_000_000_000)).to.equal(5)
  })

  it('hits each of ten values equally often', () => {
    const random = seededRandom(9)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 20_000; i++) counts[integerBelow(random, 10)]++
    for (const count of counts) expect(count).to.be.within(1800, 2200)
  })
})

describe('normal', () => {
  it('has mean 0 and variance 1', () => {
    const random = seededRandom(11)
    const all = Array.from({ length: 20_000 }, () => normal(random))
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length
    const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length
    expect(mean).to.be.closeTo(0, 0.03)
    expect(variance).to.be.closeTo(1, 0.04)
  })
})

describe('shuffle', () => {
  it('keeps the items, in place, typed arrays too', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), seeds, (items, seed) => {
        const copy = [...items]
        expect(shuffle(copy, seededRandom(seed))).to.equal(copy)
        expect([...copy].sort()).to.deep.equal([...items].sort())
      })
    )
    expect([...shuffle(Uint32Array.of(1, 2, 3), seededRandom(1))].sort()).to.deep.equal([1, 2, 3])
  })

  it('reaches every order about equally often', () => {
    const random = seededRandom(5)
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = shuffle([1, 2, 3], random).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).to.equal(6)
    for (const count of counts.values()) expect(count).to.be.within(850, 1150)
  })
})
