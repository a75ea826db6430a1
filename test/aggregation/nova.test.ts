/** FedNova: factors by hand, and the inconsistent objective that it is there to mend (Wang et al. 2020, section 4). */
import { expect } from 'chai'
import { aggregateInMemory, contributionWeights, deltaFactors } from '../../src/aggregation/index.ts'
import { manifestDraftSchema } from '../../src/federation/manifest/schema.ts'
import { aggregationOf } from './helpers.ts'
import type { TrainingSpec } from '../../src/federation/manifest/schema.ts'

const SEED = new Uint8Array(32)

function training(change: Record<string, unknown> = {}): TrainingSpec {
  const { shape } = manifestDraftSchema
  return shape.training.parse({ batchSize: 10, client: { name: 'fednova' }, ...change })
}

const claimsOf = (samples: readonly number[]): { weight: number; samples: number }[] => {
  const weights = contributionWeights(samples, 1_000_000)
  return samples.map((count, k) => ({ samples: count, weight: weights[k] }))
}

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

describe('the factors of FedNova', () => {
  it('are shares, divided by steps, multiplied by the mean of steps', () => {
    // 1, 2 and 7 batches of ten, twice: 2, 4 and 14 steps, of shares 0.1, 0.2 and 0.7.
    const factors = deltaFactors(claimsOf([10, 20, 70]), training({ work: { epochs: 2 } }))
    const mean = 0.1 * 2 + 0.2 * 4 + 0.7 * 14
    const expected = [(0.1 * mean) / 2, (0.2 * mean) / 4, (0.7 * mean) / 14]
    factors.forEach((factor, k) => expect(factor).to.be.closeTo(expected[k], 1e-12))
  })

  it('count a batch that is not full as a step, as training does', () => {
    const factors = deltaFactors(claimsOf([11, 20]), training())
    factors.forEach((factor, k) => expect(factor).to.be.closeTo([11 / 31, 20 / 31][k], 1e-12))
  })

  it('go by what steps of momentum add up to', () => {
    const optimizer = { name: 'momentum', momentum: 0.5 }
    const factors = deltaFactors(claimsOf([10, 30]), training({ optimizer }))
    // One step: 1. Three steps: the first gradient moves the weights 1 + 1/2 + 1/4 times, the second 1 + 1/2, the last once.
    const [one, three] = [1, 1.75 + 1.5 + 1]
    const mean = 0.25 * one + 0.75 * three
    factors.forEach((factor, k) =>
      expect(factor).to.be.closeTo([(0.25 * mean) / one, (0.75 * mean) / three][k], 1e-12)
    )
  })

  it('are the shares where all take as many steps, and by every other algorithm', () => {
    const claims = claimsOf([10, 400])
    const shares = claims.map(({ weight }) => weight)
    expect(deltaFactors(claims, training({ work: { steps: 100 } }))).to.deep.equal(shares)
    for (const name of ['fedavg', 'fedprox'])
      expect(deltaFactors(claims, training({ client: { name } }))).to.deep.equal(shares)
    deltaFactors(claimsOf([40, 40]), training()).forEach((factor) => expect(factor).to.equal(0.5))
    expect(deltaFactors([], training())).to.deep.equal([])
  })

  it('give nobody more than one, whatever it claims', () => {
    for (const samples of [
      [1, 1],
      [1, 1_000_000],
      [10, 11],
      [9, 1000, 1],
      [10, 10_000, 500_000, 3]
    ]) {
      for (const batchSize of [1, 10, 32, 60_000]) {
        const factors = deltaFactors(claimsOf(samples), training({ batchSize, work: { epochs: 1000 } }))
        for (const factor of factors) expect(factor, `${samples}, ${batchSize}`).to.be.within(0, 1)
      }
    }
  })

  it('are finite for the most steps and the most momentum that a manifest may have', () => {
    const optimizer = { name: 'momentum', momentum: 0.999 }
    const factors = deltaFactors(
      claimsOf([1, 1_000_000]),
      training({ optimizer, batchSize: 1, work: { epochs: 1000 } })
    )
    for (const factor of factors) expect(factor).to.satisfy(Number.isFinite).and.to.be.above(0)
  })
})

describe('members whose steps differ, on quadratics of their own', () => {
  const RATE = 0.001
  const SAMPLES = [10, 200]
  /** Where each member alone would end: half the square of the distance to it is its loss. */
  const OWN = [1, -1]

  /** Where rounds of gradient descent by all members end. */
  function limit(spec: TrainingSpec): number {
    const claims = claimsOf(SAMPLES)
    const factors = deltaFactors(claims, spec)
    let model: Float32Array = new Float32Array(1)
    for (let round = 1; round <= 3000; round++) {
      const deltas = SAMPLES.map((samples, k) => {
        const steps = samples / spec.batchSize
        const trained = OWN[k] + (model[0] - OWN[k]) * (1 - RATE) ** steps
        return { weight: factors[k], delta: Float32Array.of(trained - model[0]) }
      })
      const input = { model, moments: new Float32Array(), round, deltas, seed: SEED }
      model = aggregateInMemory({ aggregation: aggregationOf(), ...input }).model
    }
    return model[0]
  }

  it('end at the minimum of the mean of their losses by FedNova, and elsewhere by FedAvg', () => {
    const [p, q] = claimsOf(SAMPLES).map(({ weight }) => weight)
    expect(limit(training())).to.be.closeTo(p * OWN[0] + q * OWN[1], 0.002)
    const steps = SAMPLES.map((samples) => samples / 10)
    const skewed = (p * steps[0] * OWN[0] + q * steps[1] * OWN[1]) / (p * steps[0] + q * steps[1])
    expect(limit(training({ client: { name: 'fedavg' } }))).to.be.closeTo(skewed, 0.002)
    expect(skewed).to.be.below(p * OWN[0] + q * OWN[1] - 0.05)
    expect(sumOf([p, q])).to.be.closeTo(1, 1e-12)
  })
})
