import { memory as tensorCount, tensor } from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import fc from 'fast-check'
import { startBackend } from '../../src/compute/backend.ts'
import { tensorMemory } from '../../src/compute/memory.ts'
import { batchOrder, planRound } from '../../src/training/batches.ts'
import { lossFor, softmaxRows } from '../../src/training/loss.ts'
import { areaUnderCurve, DIVERGED, metricsCounter } from '../../src/training/metrics.ts'
import { createOptimizer, learningRateOf } from '../../src/training/optimizer.ts'
import { createPace } from '../../src/training/pace.ts'
import { evaluateModel, featuresDataset, predict } from '../../src/training/predict.ts'
import { normal, seededRandom } from '../../src/random.ts'
import { createTurns } from '../../src/turns.ts'
import { initialWeights } from '../../src/model/initial.ts'
import { layoutOf } from '../../src/model/layout.ts'
import { planFor } from '../../src/model/task.ts'
import { blobs, clock, manifestOf } from './fixtures.ts'

const logit = fc.double({ min: -20, max: 20, noNaN: true })

describe('losses', () => {
  const cases = [
    { name: 'categoricalCrossentropy', width: 3, targets: [2, 0] },
    { name: 'binaryCrossentropy', width: 1, targets: [1, 0] },
    { name: 'meanSquaredError', width: 1, targets: [0.5, -2] }
  ] as const
  for (const { name, width, targets } of cases) {
    it(`have the gradient that differences give: ${name}`, () => {
      const loss = lossFor(name)
      fc.assert(
        fc.property(fc.array(logit, { minLength: 2 * width, maxLength: 2 * width }), (values) => {
          const batch = { logits: Float32Array.from(values), targets: Float32Array.from(targets), width }
          const gradient = new Float32Array(values.length)
          loss(batch, gradient)
          for (const [i, value] of gradient.entries()) {
            const at = (step: number): number => {
              const moved = Float32Array.from(batch.logits, (v, j) => (i === j ? v + step : v))
              return loss({ ...batch, logits: moved }) / 2
            }
            expect((at(0.01) - at(-0.01)) / 0.02).to.be.closeTo(value, 5e-3 * Math.max(1, Math.abs(value)))
          }
        }),
        { numRuns: 50 }
      )
    })
  }

  it('stay finite on extreme logits', () => {
    const targets = Float32Array.of(0)
    expect(
      lossFor('categoricalCrossentropy')({ logits: Float32Array.of(-1e4, 1e4), targets, width: 2 })
    ).to.equal(2e4)
    expect(lossFor('binaryCrossentropy')({ logits: Float32Array.of(1e4), targets, width: 1 })).to.equal(1e4)
    expect([...softmaxRows(Float32Array.of(1e4, 0), 2)]).to.deep.equal([1, 0])
  })

  it('refuse a class that is none', () => {
    for (const target of [3, -1, 0.5, NaN]) {
      const batch = { logits: new Float32Array(3), targets: Float32Array.of(target), width: 3 }
      expect(() => lossFor('categoricalCrossentropy')(batch)).to.throw('a class index from 0 to 2')
    }
  })
})

describe('metrics', () => {
  it('count ties in the area under the curve as half', () => {
    expect(areaUnderCurve([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).to.equal(0.75)
    expect(areaUnderCurve([1, 1, 1, 1], [false, true, false, true])).to.equal(0.5)
    expect(areaUnderCurve([1, 2], [true, true])).to.equal(0.5)
    expect(areaUnderCurve([], [])).to.equal(0.5)
  })

  it('agree with counting pairs', () => {
    const example = fc.record({ score: fc.integer({ min: 0, max: 5 }), positive: fc.boolean() })
    fc.assert(
      fc.property(fc.array(example, { maxLength: 20 }), (examples) => {
        const [hits, misses] = [true, false].map((sign) =>
          examples.filter(({ positive }) => positive === sign)
        )
        const pairs = hits.flatMap((hit) =>
          misses.map((miss): number => 0.5 + 0.5 * Math.sign(hit.score - miss.score))
        )
        const expected = pairs.length === 0 ? 0.5 : pairs.reduce((a, b) => a + b) / pairs.length
        const found = areaUnderCurve(
          examples.map((e) => e.score),
          examples.map((e) => e.positive)
        )
        expect(found).to.be.closeTo(expected, 1e-9)
      })
    )
  })

  it('give a finite number for a model that diverged', () => {
    const { task } = manifestOf({})
    const counter = metricsCounter(task, lossFor('categoricalCrossentropy'))
    counter.add({ logits: Float32Array.of(NaN, NaN, NaN), targets: Float32Array.of(1), width: 3 })
    expect(counter.result()).to.deep.equal({ loss: DIVERGED, accuracy: 0, samples: 1 })
  })
})

describe('batches', () => {
  it('hold every example once an epoch, in a new order each', () => {
    const order = batchOrder(10, 4, [1])
    const epochs = [0, 1].map(() => [0, 1, 2].flatMap(() => [...order.next().value]))
    for (const epoch of epochs)
      expect([...epoch].sort((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(epochs[0]).to.not.deep.equal(epochs[1])
    const again = batchOrder(10, 4, [1])
    expect([...again.next().value]).to.deep.equal(epochs[0].slice(0, 4))
  })

  it('plan rounds by epochs or steps', () => {
    const { training } = manifestOf({ training: { work: { epochs: 3 }, batchSize: 4 } })
    expect(planRound(training, 10)).to.deep.equal({ steps: 9, samples: 10 })
    expect(planRound({ ...training, work: { steps: 2 } }, 10)).to.deep.equal({ steps: 2, samples: 8 })
    expect(planRound({ ...training, work: { steps: 2 } }, 0)).to.deep.equal({ steps: 0, samples: 0 })
  })
})

describe('optimizers', () => {
  const steps = (optimizer: Parameters<typeof createOptimizer>[0]): number[] => {
    const memory = tensorMemory()
    const [weight, gradient] = [tensor([1, 1]), tensor([0.5, -2])]
    const rule = createOptimizer(optimizer, 0.1)
    for (let step = 0; step < 2; step++) rule.apply([weight, weight], [gradient, null], memory)
    const values = [...memory.view(weight)]
    for (const used of [weight, gradient, rule]) used.dispose()
    return values
  }

  /** Seven values, so that a kernel's last few are not a whole vector; two steps. */
  const moved = async (
    optimizer: Parameters<typeof createOptimizer>[0],
    backend: 'wasm' | 'cpu'
  ): Promise<number[]> => {
    await startBackend(backend)
    const before = tensorCount().numTensors
    const random = seededRandom(1)
    const [weight, gradient] = [0, 1].map(() => tensor(Array.from({ length: 7 }, () => normal(random))))
    const [rule, memory] = [createOptimizer(optimizer, 0.1), tensorMemory()]
    for (let step = 0; step < 2; step++) rule.apply([weight], [gradient], memory)
    const values = [...memory.view(weight)]
    for (const used of [weight, gradient, rule]) used.dispose()
    expect(tensorCount().numTensors).to.equal(before)
    return values
  }

  before(() => startBackend('wasm'))

  const cases: [Parameters<typeof createOptimizer>[0], number[]][] = [
    [{ name: 'sgd' }, [0.9, 1.4]],
    [{ name: 'momentum', momentum: 0.9 }, [1 - 0.05 * 2.9, 1 + 0.2 * 2.9]],
    [{ name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }, [0.8, 1.2]],
    // Both weights shrink by 0.1 · 0.5 a step before Adam's step of 0.1.
    [
      { name: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.5 },
      [0.95 * 0.85 - 0.1, 0.95 * 1.05 + 0.1]
    ]
  ]
  for (const [optimizer, expected] of cases) {
    it(`follow their formula: ${optimizer.name}`, () => {
      for (const [i, value] of steps(optimizer).entries()) expect(value).to.be.closeTo(expected[i], 1e-5)
    })
  }

  for (const [optimizer] of cases) {
    it(`move weights alike on wasm and cpu, and leave nothing: ${optimizer.name}`, async () => {
      const [found, expected] = [await moved(optimizer, 'wasm'), await moved(optimizer, 'cpu')]
      for (const [i, value] of found.entries()) expect(value).to.be.closeTo(expected[i], 1e-5)
    })
  }

  it('decay the learning rate from round 2 on', () => {
    const { training } = manifestOf({ training: { learningRate: 0.4, learningRateDecay: 0.5 } })
    expect([1, 2, 3].map((round) => learningRateOf(training, round))).to.deep.equal([0.4, 0.2, 0.1])
  })
})

describe('pace', () => {
  it('lets events in when its slice is over, and only then', async () => {
    let [time, yields] = [0, 0]
    const pace = createPace({ now: () => time, yieldToEvents: async () => void yields++ })
    for (time = 0; time < 100; time += 5) await pace()
    expect(yields).to.equal(4)
  })

  it('stops at once when aborted, also while it yields', async () => {
    const controller = new AbortController()
    const stop = new Error('stop')
    const clockOf = (now: number) => ({
      now: () => (time += now),
      yieldToEvents: async () => controller.abort(stop)
    })
    let time = 0
    const pace = createPace(clockOf(50), controller.signal)
    expect(await pace().catch((error: unknown) => error)).to.equal(stop)
    expect(await pace().catch((error: unknown) => error)).to.equal(stop)
  })
})

describe('turns', () => {
  it('run one at a time, in order, whatever fails', async () => {
    const turns = createTurns()
    const log: string[] = []
    const work = (name: string) => async (): Promise<void> => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${name} ends`)
      if (name === 'b') throw new Error('b failed')
    }
    const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => turns.take(work(name))))
    expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
    expect(log).to.deep.equal(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })

  it('never run what was aborted before its turn', async () => {
    const turns = createTurns()
    const first = turns.take(() => new Promise<void>((resolve) => setImmediate(resolve)))
    const controller = new AbortController()
    let ran = false
    const second = turns.take(async () => void (ran = true), controller.signal)
    controller.abort(new Error('too late'))
    expect(await second.catch((error: Error) => error.message)).to.equal('too late')
    await first
    await turns.take(() => Promise.resolve())
    expect(ran).to.equal(false)
  })
})

describe('predictions', () => {
  it('are probabilities of each label', async () => {
    for (const parts of [
      {},
      { task: { labels: ['n', 'y'] }, training: { loss: 'binaryCrossentropy' as const } }
    ]) {
      const manifest = manifestOf(parts)
      const weights = initialWeights(layoutOf(planFor(manifest)), 1)
      const dataset = featuresDataset(
        Float32Array.from({ length: 4 * 600 }, (_, i) => (i % 7) - 3),
        [4]
      )
      const { size, width, values } = await predict({ manifest, weights, dataset, ...clock })
      expect([size, width, values.length]).to.deep.equal([600, manifest.task.labels.length, 600 * width])
      for (let i = 0; i < size; i++) {
        const row = values.subarray(i * width, (i + 1) * width)
        expect(row.reduce((sum, p) => sum + p, 0)).to.be.closeTo(1, 1e-5)
        expect(Math.min(...row)).to.be.at.least(0)
      }
    }
  })

  it('are values for regression, and can be evaluated', async () => {
    const manifest = manifestOf({
      ...{ task: { kind: 'regression', labels: [], metrics: ['mae'] }, architecture: { preset: 'logistic' } },
      training: { loss: 'meanSquaredError' }
    })
    const weights = Float32Array.of(1, 0, 0, 0, 2)
    const dataset = featuresDataset(Float32Array.of(3, 9, 9, 9, -3, 0, 0, 0), [4])
    const { values } = await predict({ manifest, weights, dataset, ...clock })
    expect([...values]).to.deep.equal([5, -1])
    const metrics = await evaluateModel({ manifest, weights, dataset, ...clock })
    expect(metrics).to.deep.equal({ loss: 13, mae: 3, samples: 2 })
  })

  it('stop when aborted', async () => {
    const manifest = manifestOf({})
    const weights = initialWeights(layoutOf(planFor(manifest)), 1)
    const dataset = blobs({ shape: [4], classes: 3, size: 10 })
    const signal = AbortSignal.abort(new Error('enough'))
    const error = await predict({ manifest, weights, dataset, signal, ...clock }).catch(
      (e: Error) => e.message
    )
    expect(error).to.equal('enough')
  })
})
