import { expect } from 'chai'
import fc from 'fast-check'
import { eachColumn, medianOf } from '../../src/aggregation/columns.ts'
import { bulyan } from '../../src/aggregation/rules/bulyan.ts'
import { caf } from '../../src/aggregation/rules/caf.ts'
import { centeredClipping } from '../../src/aggregation/rules/centered-clipping.ts'
import { fltrust } from '../../src/aggregation/rules/fltrust.ts'
import { geometricMedian } from '../../src/aggregation/rules/geometric-median.ts'
import { krum } from '../../src/aggregation/rules/krum.ts'
import { mda } from '../../src/aggregation/rules/mda.ts'
import { meamed } from '../../src/aggregation/rules/meamed.ts'
import { median } from '../../src/aggregation/rules/median.ts'
import { multiKrum } from '../../src/aggregation/rules/multi-krum.ts'
import { normClipping } from '../../src/aggregation/rules/norm-clipping.ts'
import { trimmedMean } from '../../src/aggregation/rules/trimmed-mean.ts'
import { aggregationRuleCompliance } from '../compliance/aggregation-rule.ts'
import { distancesOf, planned, randomDelta } from './helpers.ts'
import type { AggregationRule } from '../../src/aggregation/index.ts'
import type { RuleExpectations } from '../compliance/aggregation-rule.ts'

/** So long that nothing is clipped. */
const FAR = 1e9

const all: [AggregationRule, RuleExpectations?][] = [
  [median],
  [trimmedMean(2)],
  [meamed(2)],
  [geometricMedian({ iterations: 8, smoothing: 1e-12 })],
  [krum(1)],
  [multiKrum(2)],
  [bulyan(1), { byOrder: true }],
  [mda(2), { byOrder: true }],
  [caf(2)],
  [centeredClipping({ radius: FAR, iterations: 3 })],
  [normClipping(FAR)],
  [fltrust, { rescales: true }]
]

for (const [rule, expectations] of all) {
  describe(`aggregation rule ${rule.name}`, () => aggregationRuleCompliance(rule, expectations))
}

function combine(rule: AggregationRule, deltas: readonly Float32Array[], weights?: number[]): Float32Array {
  const out = new Float32Array(deltas[0].length)
  planned(rule, deltas, { weights })(deltas, out)
  return out
}

const ones = (values: readonly number[]): Float32Array[] => values.map((value) => Float32Array.of(value))
const only = (rule: AggregationRule, values: readonly number[]): number => combine(rule, ones(values))[0]
const distance = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0))

describe('rules that withstand liars', () => {
  const f = 2
  const robust = [
    median,
    trimmedMean(f),
    meamed(f),
    geometricMedian({ iterations: 30, smoothing: 1e-6 }),
    krum(f),
    multiKrum(f),
    bulyan(f),
    mda(f),
    caf(f)
  ]

  it('stay near the honest members whatever f of 4f + 3 send', () => {
    const attack = fc.record({
      scale: fc.double({ min: -1e5, max: 1e5, noNaN: true }),
      spread: fc.constantFrom(0, 1, 1e3),
      seed: fc.nat(1000),
      places: fc.uniqueArray(fc.nat(10), { minLength: f, maxLength: f })
    })
    fc.assert(
      fc.property(attack, ({ scale, spread, seed, places }) => {
        const deltas = Array.from({ length: 4 * f + 3 }, (_, k) =>
          randomDelta(20, seed * 20 + k).map((value) => 1 + 0.1 * value)
        )
        for (const place of places)
          deltas[place] = randomDelta(20, seed + place).map((value) => scale + spread * value)
        const honest = deltas.filter((_, k) => !places.includes(k))
        const center = Float32Array.from({ length: 20 }, (_, i) =>
          honest.reduce((sum, delta) => sum + delta[i] / honest.length, 0)
        )
        const radius = Math.max(...honest.map((delta) => distance(delta, center)))
        for (const rule of robust)
          expect(distance(combine(rule, deltas), center), rule.name).to.be.below(1.5 * radius)
      })
    )
  })

  it('count all members alike, whatever samples they claim', () => {
    const deltas = Array.from({ length: 11 }, (_, k) => randomDelta(5, k))
    const weights = deltas.map((_, k) => (k === 3 ? 0.9 : 0.01))
    for (const rule of robust) {
      expect(rule.bySamples).to.equal(false)
      expect([...combine(rule, deltas, weights)]).to.deep.equal([...combine(rule, deltas)])
    }
  })
})

describe('single rules', () => {
  it('median: the middle value, of an even number the mean of both', () => {
    expect(only(median, [5, 1, 100])).to.equal(5)
    expect(only(median, [5, 1, 100, 7])).to.equal(6)
    expect(only(median, [3])).to.equal(3)
  })

  it('median: of many members the same as of few', () => {
    const values = Array.from({ length: 101 }, (_, k) => (k * 37) % 101)
    expect(only(median, values)).to.equal(50)
  })

  it('median: by kernel or by plain loop the same bits, zeros of both signs too', () => {
    const values = fc.constantFrom(0, -0, 1, -1, 2.5, 1e-40)
    const vectors = fc.array(fc.array(values, { minLength: 9, maxLength: 9 }), {
      minLength: 1,
      maxLength: 40
    })
    fc.assert(
      fc.property(vectors, (lists) => {
        const deltas = lists.map((list) => Float32Array.from(list))
        const plain = new Float32Array(9)
        eachColumn(deltas, plain, medianOf)
        expect([...combine(median, deltas)]).to.deep.equal([...plain])
      })
    )
  })

  it('trimmedMean: without the least and the largest', () => {
    expect(only(trimmedMean(1), [-1e6, 1, 2, 3, 1e6])).to.equal(2)
  })

  it('meamed: the values closest to the median, of two equally far the lesser', () => {
    expect(only(meamed(1), [0, 1, 2, 3, 100])).to.equal(1.5)
    expect(only(meamed(1), [1, 2, 3])).to.equal(1.5)
  })

  it('krum: one of those that were sent, by n − f − 2 neighbours', () => {
    // Of 5 with f = 1 the two nearest others count: 3 has 1 + 1, 2 and 4 have 1 + 4.
    expect(only(krum(1), [2, 3, 4, 50, 60])).to.equal(3)
    expect(only(krum(1), [50, 60, 4, 2, 3])).to.equal(3)
  })

  it('krum: of equal ones the first', () => {
    const deltas = ones([1, 1, 1, 5, 5])
    deltas[0] = Float32Array.of(1)
    const plan = krum(1).plan({ weights: [], distances: distancesOf(deltas) })
    expect(plan).to.deep.equal({ shares: [1, 0, 0, 0, 0] })
  })

  it('multiKrum: the mean of the n − f with the best scores', () => {
    expect(only(multiKrum(1), [2, 3, 4, 5, 600])).to.equal(3.5)
  })

  it('mda: finds the set of the least diameter, as trying all of them does', () => {
    const shape = fc.record({
      n: fc.integer({ min: 3, max: 9 }),
      f: fc.integer({ min: 0, max: 4 }),
      seed: fc.nat()
    })
    fc.assert(
      fc.property(shape, ({ n, f: wanted, seed }) => {
        const f = Math.min(wanted, (n - 1) >> 1)
        const deltas = Array.from({ length: n }, (_, k) => randomDelta(3, seed + k).map(Math.round))
        const { shares } = mda(f).plan({ weights: [], distances: distancesOf(deltas) }) as {
          shares: number[]
        }
        const chosen = [...shares.keys()].filter((k) => shares[k] > 0)
        expect(chosen).to.deep.equal(tryAll(deltas, n - f))
      }),
      { numRuns: 300 }
    )
  })

  it('centeredClipping: moves by no more than the radius, towards everybody', () => {
    const rule = centeredClipping({ radius: 1, iterations: 1 })
    expect(only(rule, [10, 10, 10, -1e6])).to.equal(0.5)
    expect(only(centeredClipping({ radius: 1, iterations: 2 }), [10, 10, 10, -1e6])).to.equal(1)
  })

  it('normClipping: shortens what is too long, and weighs by samples', () => {
    expect(combine(normClipping(1), ones([0.5, 100]), [0.75, 0.25])[0]).to.equal(0.625)
  })

  it('geometricMedian: the point that minimises the sum of distances', () => {
    const deltas = Array.from({ length: 7 }, (_, k) => randomDelta(4, k))
    const found = combine(geometricMedian({ iterations: 100, smoothing: 1e-9 }), deltas)
    const cost = (point: Float32Array): number =>
      deltas.reduce((sum, delta) => sum + distance(delta, point), 0)
    for (let i = 0; i < 4; i++) {
      for (const step of [-1e-3, 1e-3]) {
        expect(cost(found.map((value, j) => (i === j ? value + step : value)))).to.be.above(cost(found))
      }
    }
  })
})

/** Minimum diameter averaging as it is defined: all sets in lexicographic order, the first of the least diameter. */
function tryAll(deltas: readonly Float32Array[], size: number): number[] {
  let best: { set: number[]; diameter: number } = { set: [], diameter: Infinity }
  const visit = (set: number[], next: number): void => {
    if (set.length === size) {
      const diameter = Math.max(0, ...set.flatMap((i) => set.map((j) => distance(deltas[i], deltas[j]))))
      if (diameter < best.diameter) best = { set, diameter }
      return
    }
    for (let i = next; i < deltas.length; i++) visit([...set, i], i + 1)
  }
  visit([], 0)
  return best.set
}
