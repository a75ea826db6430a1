import { createHash } from 'node:crypto'
import { expect } from 'chai'
import {
  aggregate,
  aggregateInMemory,
  preparationOf,
  ruleOf,
  serverOptimizer,
  shortageOf
} from '../../src/aggregation/index.ts'
import { VectorRangeError } from '../../src/codecs/index.ts'
import { fp32 } from '../../src/codecs/fp32.ts'
import { floatsToBytes } from '../../src/vectors.ts'
import { failure } from '../helpers/failure.ts'
import { aggregationOf, randomDelta, readerOf } from './helpers.ts'
import { someOptimizers, somePreparations, someRules } from './specs.ts'
import type { AggregationInput } from '../../src/aggregation/index.ts'

const LENGTH = 10_007
const SEED = new Uint8Array(32).fill(3)
/** Of five seeded deltas applied to a seeded model: what every platform, browser and version must compute. */
const FIXTURE_SHA256 = '572c73fc0ed2be22246c8d435e560623ab0e35458e8d186d3ef63db02ea33636'

/** Nothing is remembered yet, or ever. */
const FIRST = { moments: new Float32Array(), round: 1 }

function fixture(stretch: number): AggregationInput {
  const deltas = [2, 3, 4, 5, 6].map((seed, k) => ({
    weight: [0.1, 0.15, 0.2, 0.25, 0.3][k],
    read: readerOf(randomDelta(LENGTH, seed))
  }))
  const model = randomDelta(LENGTH, 1)
  return { aggregation: aggregationOf(0.7), model, ...FIRST, deltas, stretch, seed: SEED }
}

const sha256 = (values: Float32Array): string =>
  createHash('sha256').update(floatsToBytes(values)).digest('hex')

describe('aggregation rules and server optimizers', () => {
  it('are listed under their own names', () => {
    for (const spec of someRules) expect(ruleOf(spec).name).to.equal(spec.name)
    for (const spec of somePreparations) expect(preparationOf(spec).name).to.equal(spec.name)
    for (const spec of someOptimizers) expect(serverOptimizer(spec).name).to.equal(spec.name)
  })
})

describe('aggregate', () => {
  it('computes the bits that every peer must compute', async () => {
    expect(sha256((await aggregate(fixture(1000))).model)).to.equal(FIXTURE_SHA256)
  })

  it('computes the same bits part by part', async () => {
    const cuts = [0, 1, 999, 1000, 5000, LENGTH]
    const whole = new Float32Array(LENGTH)
    for (let i = 1; i < cuts.length; i++) {
      const part = { from: cuts[i - 1], to: cuts[i] }
      whole.set((await aggregate({ ...fixture(1000), part })).model, part.from)
    }
    expect(sha256(whole)).to.equal(FIXTURE_SHA256)
  })

  it('computes the same bits whatever the stretch', async () => {
    for (const stretch of [1, 7, 4096, 4097, LENGTH - 1, LENGTH, 1_000_000]) {
      const { model } = await aggregate(fixture(stretch))
      expect(sha256(model), `stretch ${stretch}`).to.equal(FIXTURE_SHA256)
    }
  }).timeout(30_000)

  it('computes the same bits whatever the stretch, and in memory, with every rule and preparation', async () => {
    const wholes = Array.from({ length: 8 }, (_, k) => randomDelta(301, k))
    const model = randomDelta(301, 99)
    for (const rule of someRules) {
      for (const before of [[], ...somePreparations.map((one) => [one]), somePreparations.slice(2)]) {
        if (shortageOf({ ...aggregationOf(), rule, before }, wholes.length) != null) continue
        const aggregation = { ...aggregationOf(0.5), rule, before }
        const weighted = wholes.map((delta) => ({ weight: 1 / 8, delta }))
        const input = { aggregation, model, ...FIRST, root: 3, seed: SEED }
        const expected = sha256(aggregateInMemory({ ...input, deltas: weighted }).model)
        for (const stretch of [7, 64, 301, 1000]) {
          const deltas = wholes.map((delta) => ({ weight: 1 / 8, read: readerOf(delta) }))
          const { model: next } = await aggregate({ ...input, deltas, stretch })
          expect(sha256(next), `${rule.name} after ${before.map(({ name }) => name)}`).to.equal(expected)
          expect(next.every(Number.isFinite)).to.equal(true)
        }
      }
    }
  })

  it('is FedAvg: the base model plus the weighted mean of the deltas', async () => {
    const input = { ...fixture(512), aggregation: aggregationOf(1) }
    const { model: next } = await aggregate(input)
    const wholes = await Promise.all(input.deltas.map((delta) => delta.read(0, LENGTH)))
    next.forEach((value, i) => {
      const step = wholes.reduce((sum, whole, k) => sum + input.deltas[k].weight * whole[i], 0)
      expect(value).to.be.closeTo(input.model[i] + step, 1e-6)
    })
  })

  it('leaves the model as it was', async () => {
    const input = fixture(64)
    const before = sha256(input.model)
    await aggregate(input)
    expect(sha256(input.model)).to.equal(before)
  })

  it('without deltas gives the model back', async () => {
    const input = { ...fixture(64), deltas: [] }
    expect(sha256((await aggregate(input)).model)).to.equal(sha256(input.model))
  })

  it('of an empty model is empty', async () => {
    expect((await aggregate({ ...fixture(64), model: new Float32Array(0) })).model.length).to.equal(0)
  })

  it('stops between stretches when it is told to', async () => {
    const controller = new AbortController()
    const input = fixture(10)
    let reads = 0
    const read: AggregationInput['deltas'][0]['read'] = async (start, count) => {
      if (++reads === 3) controller.abort(new Error('no longer wanted'))
      return await input.deltas[0].read(start, count)
    }
    const error = await failure(
      aggregate({ ...input, deltas: [{ weight: 1, read }] }, controller.signal),
      Error
    )
    expect(error.message).to.equal('no longer wanted')
    expect(reads).to.equal(3)
  })

  it('fails when a delta is shorter than the model', async () => {
    const payload = floatsToBytes(randomDelta(LENGTH - 1, 1))
    const read = fp32.decode(async (offset, length) => payload.subarray(offset, offset + length), LENGTH - 1)
    await failure(aggregate({ ...fixture(64), deltas: [{ weight: 1, read }] }), VectorRangeError)
  })
})
