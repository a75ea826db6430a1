/** Server optimizers: against Flower (scripts/fixtures/optimizers.py says which), and the bits that all peers must get. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { aggregate, aggregateInMemory, serverOptimizer } from '../../src/aggregation/index.ts'
import { power } from '../../src/aggregation/power.ts'
import { aggregationSchema } from '../../src/federation/manifest/aggregation.ts'
import { floatsToBytes } from '../../src/vectors.ts'
import { aggregationOf, randomDelta, readerOf } from './helpers.ts'
import { someOptimizers } from './specs.ts'
import type { Aggregate } from '../../src/aggregation/index.ts'
import type { AggregationSpec, ServerOptimizerSpec } from '../../src/federation/manifest/schema.ts'

const SEED = new Uint8Array(32)
/** Model and moments are rounded to float32 each round, Flower's are not: a few units in the last place of the largest. */
const RELATIVE = 1e-6

const fixture = JSON.parse(readFileSync(new URL('optimizers.json', import.meta.url), 'utf8')) as {
  model: number[]
  deltas: number[][]
  cases: { serverOptimizer: ServerOptimizerSpec; models: number[][] }[]
}

const aggregationBy = (spec: ServerOptimizerSpec): AggregationSpec => ({
  ...aggregationOf(),
  serverOptimizer: spec
})

/** Where an optimizer begins. */
const beginning = (spec: ServerOptimizerSpec, model: Float32Array): Aggregate => ({
  model,
  moments: new Float32Array(serverOptimizer(spec).moments * model.length)
})

/** One member's delta a round, in memory: what each round leads to. */
function* roundsOf(
  spec: ServerOptimizerSpec,
  model: Float32Array,
  deltas: readonly Float32Array[]
): Generator<Aggregate> {
  let now = beginning(spec, model)
  for (const [i, delta] of deltas.entries()) {
    const input = { ...now, round: i + 1, deltas: [{ weight: 1, delta }], seed: SEED }
    yield (now = aggregateInMemory({ aggregation: aggregationBy(spec), ...input }))
  }
}

const hash = ({ model, moments }: Aggregate): string =>
  createHash('sha256').update(floatsToBytes(model)).update(floatsToBytes(moments)).digest('hex')

const shown = ({ name, ...settings }: ServerOptimizerSpec): string =>
  [name, ...Object.entries(settings).map((one) => one.join(' '))].join(', ')

describe('server optimizers against Flower and PyTorch', () => {
  for (const { serverOptimizer: spec, models } of fixture.cases) {
    it(`give what they give, round by round: ${shown(spec)}`, () => {
      const deltas = fixture.deltas.map((delta) => Float32Array.from(delta))
      let rounds = 0
      for (const { model } of roundsOf(spec, Float32Array.from(fixture.model), deltas)) {
        const expected = models[rounds++]
        const scale = Math.max(...expected.map(Math.abs))
        model.forEach((value, i) =>
          expect(value, `${rounds}, ${i}`).to.be.closeTo(expected[i], RELATIVE * scale)
        )
      }
      expect(rounds).to.equal(models.length)
    })
  }

  it('are looked at, all that a manifest can name and that remember something', () => {
    const known = aggregationSchema.shape.serverOptimizer
      .unwrap()
      .options.map(({ shape }) => shape.name.value)
    const looked = new Set(fixture.cases.map(({ serverOptimizer: { name } }) => name))
    expect(['sgd', ...looked]).to.have.members(known)
  })
})

describe('a server optimizer', () => {
  it('that is sgd moves the model by learning rate times delta, rounded once', () => {
    const [model, delta] = [randomDelta(100, 1), randomDelta(100, 2)]
    const [after] = roundsOf({ name: 'sgd', learningRate: 0.3 }, model, [delta])
    after.model.forEach((value, i) => expect(value).to.equal(Math.fround(model[i] + 0.3 * delta[i])))
    expect(after.moments).to.have.length(0)
  })

  it('that has momentum 0 and learning rate 1 is FedAvg, Nesterov or not', () => {
    const [model, deltas] = [randomDelta(50, 1), [randomDelta(50, 2), randomDelta(50, 3)]]
    const bare = [...roundsOf({ name: 'sgd', learningRate: 1 }, model, deltas)]
    for (const nesterov of [false, true]) {
      const spec = { name: 'momentum', learningRate: 1, momentum: 0, nesterov } as const
      for (const [i, { model: found }] of [...roundsOf(spec, model, deltas)].entries())
        expect(found).to.deep.equal(bare[i].model)
    }
  })

  it('moves coordinates of whatever scale alike when it is adaptive', () => {
    const deltas = [Float32Array.of(1e-3, 1, 1e3)]
    for (const name of ['adagrad', 'adam', 'yogi'] as const) {
      const { serverOptimizer: spec } = aggregationSchema.parse({ serverOptimizer: { name, tau: 1e-9 } })
      const [{ model }] = roundsOf(spec, new Float32Array(3), deltas)
      for (const step of model) expect(step / model[1], name).to.be.closeTo(1, 1e-5)
    }
  })

  for (const spec of someOptimizers) {
    describe(shown(spec), () => {
      const LENGTH = 301
      const model = randomDelta(LENGTH, 1)
      const deltas = [2, 3, 4].map((seed) => randomDelta(LENGTH, seed))
      const expected = [...roundsOf(spec, model, deltas)]

      it('gives the same bits whatever the stretch', async () => {
        for (const stretch of [1, 7, 300, 301, 1000]) {
          let now = beginning(spec, model)
          for (const [i, delta] of deltas.entries()) {
            const input = { ...now, round: i + 1, deltas: [{ weight: 1, read: readerOf(delta) }], seed: SEED }
            now = await aggregate({ aggregation: aggregationBy(spec), ...input, stretch })
            expect(hash(now), `stretch ${stretch}`).to.equal(hash(expected[i]))
          }
        }
      })

      it('gives the same bits part by part, of the model and of each vector that it remembers', async () => {
        const count = serverOptimizer(spec).moments
        const input = {
          ...expected[1],
          round: 3,
          deltas: [{ weight: 1, read: readerOf(deltas[2]) }],
          seed: SEED
        }
        const whole = beginning(spec, new Float32Array(LENGTH))
        for (const [from, to] of [
          [0, 1],
          [1, 150],
          [150, 150],
          [150, LENGTH]
        ]) {
          const part = { from, to }
          const found = await aggregate({ aggregation: aggregationBy(spec), ...input, stretch: 40, part })
          whole.model.set(found.model, from)
          for (let k = 0; k < count; k++)
            whole.moments.set(
              found.moments.subarray(k * (to - from), (k + 1) * (to - from)),
              k * LENGTH + from
            )
        }
        expect(hash(whole)).to.equal(hash(expected[2]))
      })

      it('changes nothing that it is given, and moves nothing where nobody contributes', async () => {
        const before = hash(expected[1])
        const input = { ...expected[1], round: 3, seed: SEED, stretch: 40 }
        await aggregate({
          aggregation: aggregationBy(spec),
          ...input,
          deltas: [{ weight: 1, read: readerOf(deltas[2]) }]
        })
        expect(hash(expected[1])).to.equal(before)
        const same = await aggregate({ aggregation: aggregationBy(spec), ...input, deltas: [] })
        expect(hash(same)).to.equal(before)
        const part = await aggregate({
          aggregation: aggregationBy(spec),
          ...input,
          deltas: [],
          part: { from: 5, to: 9 }
        })
        expect(part.model).to.deep.equal(expected[1].model.slice(5, 9))
        expect(part.moments).to.have.length(4 * serverOptimizer(spec).moments)
      })

      it('stays finite for the largest updates that its manifest may let in, and for none', () => {
        const large = Float32Array.of(1e12, -1e12, 1e-30, 0)
        const zero = new Float32Array(4)
        for (const step of [large, zero]) {
          const many = Array.from({ length: 50 }, (_, i) => (i % 7 === 6 ? zero : step))
          for (const { model: found, moments } of roundsOf(spec, zero, many))
            expect([...found, ...moments].every(Number.isFinite)).to.equal(true)
        }
      })
    })
  }

  it('computes powers by multiplication alone', () => {
    for (const [base, exponent] of [
      [0.9, 0],
      [0.9, 1],
      [0.99, 2],
      [0.5, 10],
      [0.999, 12_345],
      [0, 3]
    ] as const)
      expect(power(base, exponent)).to.be.closeTo(base ** exponent, 1e-12)
    expect(power(0.5, 30)).to.equal(2 ** -30)
  })
})
