/** What no gradient moves is averaged, and no more: whatever optimizer, rule or client algorithm there is. */
import { expect } from 'chai'
import {
  aggregate,
  aggregateInMemory,
  combinedDelta,
  moveBy,
  serverOptimizer
} from '../../src/aggregation/index.ts'
import { untrainedValues } from '../../src/model/untrained.ts'
import { layoutOf } from '../../src/model/layout.ts'
import { planFor } from '../../src/model/task.ts'
import { image, manifestOf } from '../training/fixtures.ts'
import { aggregationOf, randomDelta, readerOf } from './helpers.ts'
import { someOptimizers } from './specs.ts'

const SEED = new Uint8Array(32)
const LENGTH = 50
const UNTRAINED = 12
const TRAINED = LENGTH - UNTRAINED

describe('values that are not trained', () => {
  const model = randomDelta(LENGTH, 1)
  const deltas = [randomDelta(LENGTH, 2), randomDelta(LENGTH, 3)]
  const weights = [0.25, 0.75]
  const mean = deltas[0].map((value, i) => 0.25 * value + 0.75 * deltas[1][i])

  for (const serverOptimizerSpec of someOptimizers) {
    it(`become their mean, and the others what they are without them: ${JSON.stringify(serverOptimizerSpec)}`, async () => {
      const aggregation = { ...aggregationOf(), serverOptimizer: serverOptimizerSpec }
      const count = serverOptimizer(serverOptimizerSpec).moments
      const moments = new Float32Array(count * LENGTH)
      const weighted = deltas.map((delta, k) => ({ weight: weights[k], delta }))
      const input = { aggregation, model, moments, round: 1, seed: SEED }
      const all = aggregateInMemory({ ...input, deltas: weighted })
      const found = aggregateInMemory({ ...input, deltas: weighted, untrained: UNTRAINED })
      expect(found.model.slice(0, TRAINED)).to.deep.equal(all.model.slice(0, TRAINED))
      for (let i = TRAINED; i < LENGTH; i++) expect(found.model[i]).to.be.closeTo(model[i] + mean[i], 1e-6)
      for (let k = 0; k < count; k++) {
        const [own, whole] = [found, all].map((one) => one.moments.slice(k * LENGTH, (k + 1) * LENGTH))
        expect(own.slice(0, TRAINED)).to.deep.equal(whole.slice(0, TRAINED))
        expect(own.slice(TRAINED)).to.deep.equal(new Float32Array(UNTRAINED))
      }
      const readers = (): { weight: number; read: ReturnType<typeof readerOf> }[] =>
        deltas.map((delta, k) => ({ weight: weights[k], read: readerOf(delta) }))
      for (const stretch of [1, 7, TRAINED, LENGTH]) {
        const piecewise = { ...input, untrained: UNTRAINED, stretch }
        expect(await aggregate({ ...piecewise, deltas: readers() })).to.deep.equal(found)
        const combined = await combinedDelta({ ...piecewise, deltas: readers() })
        expect(moveBy(combined, piecewise)).to.deep.equal(found)
        const part = { from: 30, to: 45 }
        const own = await aggregate({ ...piecewise, deltas: readers(), part })
        expect(own.model).to.deep.equal(found.model.slice(30, 45))
      }
    })
  }

  it('are a mean by FedNova too, whose factors may sum to more than 1', () => {
    // Nine members with one step each and one with 91, all of the same variance: so it is theirs together.
    const factors = [...new Array<number>(9).fill(0.83), 0.83]
    const delta = Float32Array.of(1, -0.5)
    const given = { aggregation: aggregationOf(), model: Float32Array.of(0, 1), moments: new Float32Array() }
    const deltas = factors.map((weight) => ({ weight, delta }))
    const { model: next } = aggregateInMemory({ ...given, round: 1, deltas, untrained: 1, seed: SEED })
    expect(next[0]).to.be.closeTo(8.3, 1e-5)
    expect(next[1]).to.equal(0.5)
  })
})

describe('how much of a model is not trained', () => {
  const layered = (...layers: object[]): number =>
    untrainedValues(
      manifestOf({
        architecture: { topology: JSON.stringify({ class_name: 'Sequential', config: { layers } }) }
      })
    )
  const last = { class_name: 'Dense', config: { units: 3, activation: 'softmax' } }

  it('is moving statistics and frozen layers', () => {
    const presets = [
      manifestOf({ architecture: { preset: 'logistic' } }),
      manifestOf({}),
      manifestOf({ task: { input: image(8) }, architecture: { preset: 'cnn', filters: [2] } })
    ]
    for (const manifest of presets) {
      expect(untrainedValues(manifest)).to.equal(0)
      expect(layoutOf(planFor(manifest)).entries.every(({ weight }) => weight.trainable)).to.equal(true)
    }
    expect(layered({ class_name: 'Dense', config: { units: 8 } }, last)).to.equal(0)
    const normalised = { class_name: 'BatchNormalization', config: {} }
    expect(layered({ class_name: 'Dense', config: { units: 8 } }, normalised, last)).to.equal(2 * 8)
    const frozen = { class_name: 'Dense', config: { units: 8, trainable: false } }
    expect(layered(frozen, last)).to.equal(4 * 8 + 8)
  })
})
