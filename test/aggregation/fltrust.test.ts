/** A rule that trusts one member: against the paper written down naively, and against what liars may send. */
import { expect } from 'chai'
import fc from 'fast-check'
import { aggregate, aggregateInMemory, Distances, ruleOf } from '../../src/aggregation/index.ts'
import { fltrust } from '../../src/aggregation/rules/fltrust.ts'
import { alignmentOf, aggregationOf, planned, randomDelta, readerOf } from './helpers.ts'
import type { AggregationSpec } from '../../src/federation/manifest/schema.ts'

const SEED = new Uint8Array(32)
const FIRST = { moments: new Float32Array(), round: 1, seed: SEED }
const aggregation: AggregationSpec = { ...aggregationOf(), rule: { name: 'fltrust' } }
const nnm: AggregationSpec['before'] = [{ name: 'nnm', byzantine: 1 }]

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0)
const norm = (a: Float32Array): number => Math.sqrt(dot(a, a))
const times = (delta: Float32Array, factor: number): Float32Array => delta.map((value) => value * factor)

/** What comes of these deltas for a model of zeros. */
function combined(
  deltas: readonly Float32Array[],
  root: number | null,
  more: { untrained?: number; before?: AggregationSpec['before'] } = {}
): Float32Array {
  const { before, ...rest } = more
  const model = new Float32Array(deltas[0].length)
  const weighted = deltas.map((delta) => ({ weight: 1 / deltas.length, delta }))
  const method = before == null ? aggregation : { ...aggregation, before }
  return aggregateInMemory({ aggregation: method, model, ...FIRST, ...rest, deltas: weighted, root }).model
}

/** Equations 2 to 4 of the paper, the root's update being one of the sum. */
function naive(deltas: readonly Float32Array[], root: number): number[] {
  const g0 = deltas[root]
  const sum = new Array<number>(g0.length).fill(0)
  let trust = 0
  for (const g of deltas) {
    const lengths = norm(g) * norm(g0)
    const score = lengths === 0 ? 0 : Math.max(0, dot(g, g0) / lengths)
    trust += score
    if (score > 0) for (let i = 0; i < sum.length; i++) sum[i] += (score * norm(g0) * g[i]) / norm(g)
  }
  return sum.map((value) => (trust === 0 ? 0 : value / trust))
}

/** Honest deltas around a direction, and what some liar may make of the root's. */
const rounds = fc
  .record({
    length: fc.integer({ min: 1, max: 40 }),
    honest: fc.integer({ min: 1, max: 6 }),
    lies: fc.array(
      fc.record({ factor: fc.constantFrom(-1e6, -1, -1e-30, 0, 1e-30, 0.1, 1, 1e6), mixed: fc.boolean() }),
      { maxLength: 12 }
    ),
    seed: fc.nat(100_000)
  })
  .chain(({ length, honest, lies, seed }) => {
    const good = Array.from({ length: honest }, (_, k) =>
      randomDelta(length, seed + k).map((value) => 0.3 + value)
    )
    const bad = lies.map(({ factor, mixed }, k) => {
      const other = randomDelta(length, seed + 100 + k)
      return good[0].map((value, i) => factor * (mixed ? value + other[i] : value))
    })
    const deltas = [...good, ...bad]
    return fc.record({ deltas: fc.constant(deltas), root: fc.nat(honest - 1) })
  })

describe('fltrust', () => {
  it('is what the paper says, of random and adversarial deltas', () => {
    fc.assert(
      fc.property(rounds, ({ deltas, root }) => {
        const expected = naive(deltas, root)
        combined(deltas, root).forEach((value, i) =>
          expect(value).to.be.closeTo(expected[i], 1e-6 * norm(deltas[root]))
        )
      })
    )
  })

  it('goes the root’s way and no farther than it, whatever all others send', () => {
    fc.assert(
      fc.property(rounds, ({ deltas, root }) => {
        const out = combined(deltas, root)
        const length = norm(deltas[root])
        expect(out.every(Number.isFinite)).to.equal(true)
        expect(norm(out)).to.be.at.most(length * (1 + 1e-6))
        expect(dot(out, deltas[root])).to.be.above(0)
      })
    )
  })

  it('trusts the root’s own update fully, and nothing that is opposite or at a right angle to it', () => {
    const [east, north] = [Float32Array.of(2, 0), Float32Array.of(0, 5)]
    expect([...combined([east], 0)]).to.deep.equal([2, 0])
    expect([...combined([east, times(east, -7), north], 0)]).to.deep.equal([2, 0])
    // Of equal trust, brought to the same length.
    expect([...combined([east, times(east, 100)], 0)]).to.deep.equal([2, 0])
    const alignment = alignmentOf([east, times(east, 4)], 0)
    const plan = fltrust.plan({ weights: [0.5, 0.5], distances: new Distances(2), alignment })
    expect(plan).to.deep.include({ shares: [0.5, 0.125] })
  })

  it('is not misled by rounding: too long, too short and subnormal deltas have the trust of their direction', () => {
    const good = randomDelta(100, 1)
    for (const factor of [1e-40, 1e-30, 1e-17, 1e-9, 1e9, 1e17, 1e30]) {
      const away = times(good, -factor)
      expect([...combined([good, away], 0)], `away, ${factor}`).to.deep.equal([...good])
      const alignment = alignmentOf([good, times(good, factor)], 0)
      const exactly = factor < 1e-37 ? 1e-4 : 1e-6
      expect(alignment.cosine(1), `along, ${factor}`).to.be.closeTo(1, exactly)
    }
    for (let seed = 0; seed < 50; seed++) {
      const root = randomDelta(1000, seed)
      expect(alignmentOf([randomDelta(1000, seed + 99), root], 1).cosine(1)).to.equal(1)
    }
  })

  it('leaves the model where it is when the root’s update is zero, missing, or mixed with others', () => {
    const zeros = new Float32Array(20)
    const deltas = [1, 2, 3].map((seed) => randomDelta(20, seed))
    expect(combined([zeros, ...deltas], 0)).to.deep.equal(zeros)
    expect(combined([zeros, zeros], 0)).to.deep.equal(zeros)
    expect(combined(deltas, null)).to.deep.equal(zeros)
    expect(combined(deltas, 0, { before: nnm })).to.deep.equal(zeros)
    expect(combined([...deltas, zeros], 0)).to.deep.equal(combined(deltas, 0))
  })

  it('does so stretch by stretch too', async () => {
    const deltas = [1, 2].map((seed) => ({ weight: 0.5, read: readerOf(randomDelta(20, seed)) }))
    const model = randomDelta(20, 9)
    const input = { aggregation, model, ...FIRST, deltas, stretch: 7 }
    expect((await aggregate(input)).model).to.deep.equal(model)
    expect((await aggregate({ ...input, root: null })).model).to.deep.equal(model)
    expect((await aggregate({ ...input, root: 1 })).model).to.not.deep.equal(model)
  })

  it('averages what no gradient moves by trust, and keeps a variance above zero', () => {
    // The last value is a variance's change, of variances that were 1 and are 0.5 with all members.
    const short = Float32Array.of(0.1, -0.5)
    const long = Float32Array.of(4, -0.5)
    const [, change] = combined([long, short, short], 0, { untrained: 1 })
    expect(change).to.be.within(-0.5, 0)
    const [, rescaled] = combined([long, short, short], 0)
    expect(rescaled).to.be.below(-0.5)
    const same = [long, long.slice(), long.slice()]
    expect(combined(same, 1, { untrained: 1 })[1]).to.be.closeTo(-0.5, 1e-7)
  })

  it('counts members alike, whatever samples they claim', () => {
    const deltas = [1, 2, 3].map((seed) => randomDelta(6, seed))
    const [one, other] = [undefined, [0.1, 0.1, 0.8]].map((weights) => {
      const out = new Float32Array(6)
      planned(fltrust, deltas, { weights })(deltas, out)
      return out
    })
    expect(one).to.deep.equal(other)
    expect(ruleOf({ name: 'fltrust' }).bySamples).to.equal(false)
  })
})
