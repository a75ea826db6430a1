/** What every aggregation rule must keep to: `aggregationRuleCompliance(rule)` inside a `describe`. */
import { expect } from 'chai'
import fc from 'fast-check'
import { floatsToBytes } from '../../src/vectors.ts'
import { randomDelta } from '../aggregation/helpers.ts'
import { planned } from '../aggregation/helpers.ts'
import type { AggregationRule, Combine } from '../../src/aggregation/index.ts'

export interface RuleExpectations {
  /** Of equally good choices it takes the first: another order gives another result. */
  byOrder?: boolean
  /** It brings deltas to a common length: what comes out may be beyond all that was sent. */
  rescales?: boolean
}

interface Input {
  deltas: Float32Array[]
  weights: number[]
  /** Which delta is trusted, by a rule that trusts one. Default: the first. */
  root?: number
}

function inputs(minDeltas: number): fc.Arbitrary<Input> {
  return fc
    .record({
      count: fc.integer({ min: minDeltas, max: minDeltas + 8 }),
      length: fc.integer({ min: 1, max: 200 }),
      seed: fc.integer({ min: 0, max: 0xffff })
    })
    .map(({ count, length, seed }) => ({
      deltas: Array.from({ length: count }, (_, k) => randomDelta(length, seed * 16 + k)),
      weights: sharesOf(Array.from({ length: count }, (_, k) => 1 + ((seed + k * 7) % 13)))
    }))
}

function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => count / total)
}

function combine(rule: AggregationRule, { deltas, ...of }: Input): Float32Array {
  return run(planned(rule, deltas, of), deltas)
}

function run(combine: Combine, deltas: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(deltas[0].length).fill(Number.NaN)
  combine(deltas, out)
  return out
}

const bits = (values: Float32Array): string => Buffer.from(floatsToBytes(values)).toString('hex')

/** Exact up to a few roundings of the result. */
function expectClose(found: Float32Array, expected: Float32Array): void {
  found.forEach((value, i) => {
    expect(value).to.be.closeTo(expected[i], 1e-5 * Math.max(1, Math.abs(expected[i])))
  })
}

export function aggregationRuleCompliance(rule: AggregationRule, expectations: RuleExpectations = {}): void {
  const someInput = inputs(rule.minDeltas)

  it('writes all of its output, finite, from finite deltas', () => {
    fc.assert(
      fc.property(someInput, (input) => {
        expect(combine(rule, input).every(Number.isFinite)).to.equal(true)
      })
    )
  })

  it('gives the same bits for the same input, and leaves it as it was', () => {
    fc.assert(
      fc.property(someInput, (input) => {
        const before = input.deltas.map(bits)
        const copy = { deltas: input.deltas.map((delta) => delta.slice()), weights: [...input.weights] }
        expect(bits(combine(rule, input))).to.equal(bits(combine(rule, copy)))
        expect(input.deltas.map(bits)).to.deep.equal(before)
        expect(input.weights).to.deep.equal(copy.weights)
      })
    )
  })

  it('works coordinate by coordinate: any stretches give the bits of the whole', () => {
    fc.assert(
      fc.property(someInput, fc.integer({ min: 1, max: 64 }), ({ deltas, weights }, stretch) => {
        const combine = planned(rule, deltas, { weights })
        const whole = run(combine, deltas)
        for (let start = 0; start < whole.length; start += stretch) {
          const part = deltas.map((delta) => delta.subarray(start, start + stretch))
          expect(bits(run(combine, part))).to.equal(bits(whole.slice(start, start + stretch)))
        }
      })
    )
  })

  // Of equally good choices such a rule takes the first.
  if (expectations.byOrder !== true)
    it('does not care who sent what: another order gives the same up to rounding', () => {
      fc.assert(
        fc.property(someInput, ({ deltas, weights }) => {
          const root = deltas.length - 1
          const turned = { deltas: [...deltas].reverse(), weights: [...weights].reverse(), root }
          expectClose(combine(rule, turned), combine(rule, { deltas, weights }))
        })
      )
    })

  it('gives equal deltas back', () => {
    fc.assert(
      fc.property(someInput, ({ deltas, weights }) => {
        const equal = deltas.map(() => deltas[0])
        expectClose(combine(rule, { deltas: equal, weights }), deltas[0])
      })
    )
  })

  if (expectations.rescales !== true)
    it('stays within what was sent, coordinate by coordinate', () => {
      fc.assert(
        fc.property(someInput, (input) => {
          combine(rule, input).forEach((value, i) => {
            const sent = input.deltas.map((delta) => delta[i])
            expect(value).to.be.within(Math.min(...sent) - 1e-5, Math.max(...sent) + 1e-5)
          })
        })
      )
    })

  it('scales and mirrors with its deltas', () => {
    fc.assert(
      fc.property(someInput, ({ deltas, weights }) => {
        const scaled = { deltas: deltas.map((delta) => delta.map((value) => -2 * value)), weights }
        expectClose(
          combine(rule, scaled),
          combine(rule, { deltas, weights }).map((value) => -2 * value)
        )
      })
    )
  })

  it('takes stretches of no coordinates', () => {
    const input = randomDelta(0, 1)
    const deltas = Array.from({ length: rule.minDeltas }, () => input)
    expect(combine(rule, { deltas, weights: sharesOf(deltas.map(() => 1)) }).length).to.equal(0)
  })
}
