/** Training a model of one's own: what moves, and what is kept of it. */
import { expect } from 'chai'
import { layoutOf } from '../../src/model/layout.ts'
import { planFor } from '../../src/model/task.ts'
import { headOf } from '../../src/training/head.ts'
import { personalise, personalManifest } from '../../src/training/personal.ts'
import { createTrainer } from '../../src/training/trainer.ts'
import { deviation } from '../compute/tensors.ts'
import { clock, manifestOf, split } from './fixtures.ts'
import type { PersonalModel } from '../../src/training/personal.ts'
import type { Metrics } from '../../src/federation/records.ts'
import type { Trainer } from '../../src/training/types.ts'

const TOY = { shape: [4], classes: 3, size: 120 }
const layers = [
  { class_name: 'Dense', config: { name: 'hidden', units: 8, activation: 'relu' } },
  { class_name: 'BatchNormalization', config: { name: 'norm' } },
  { class_name: 'Dense', config: { name: 'out', units: 3, activation: 'softmax' } }
]
const topology = JSON.stringify({ class_name: 'Sequential', config: { layers } })
const manifest = manifestOf({
  architecture: { topology },
  training: { batchSize: 10, client: { name: 'fedprox' }, work: { epochs: 7 }, learningRateDecay: 0.5 }
})

async function withTrainer<T>(use: (trainer: Trainer) => Promise<T>): Promise<T> {
  const init = { manifest: personalManifest(manifest, 0.1), data: split(TOY), ...clock }
  const trainer = await createTrainer({ ...init, backend: 'wasm' })
  try {
    return await use(trainer)
  } finally {
    await trainer.stop()
  }
}

describe('a personal model', () => {
  it('is trained plainly, an epoch at a time, whatever members do', () => {
    expect(personalManifest(manifest, 0.1).training).to.deep.include({
      work: { epochs: 1 },
      client: { name: 'fedavg' },
      learningRate: 0.1,
      learningRateDecay: 1
    })
    expect(personalManifest(manifest).training.learningRate).to.equal(manifest.training.learningRate)
  })

  it('differs in its last layer alone, unless all is trained', async () => {
    const layout = layoutOf(planFor(manifest))
    expect([...headOf(layout)]).to.deep.equal(['out/kernel', 'out/bias'])
    const changed = async (which: 'head' | 'all'): Promise<string[]> =>
      await withTrainer(async (trainer) => {
        const weights = await trainer.initialWeights()
        const before = weights.slice()
        const model = await personalise(trainer, { weights, layers: which, epochs: 2, seed: 1 })
        expect(weights).to.deep.equal(before)
        const isMoved = ({ offset, size }: { offset: number; size: number }): boolean =>
          model.weights.subarray(offset, offset + size).some((value, i) => value !== before[offset + i])
        return layout.entries.filter(isMoved).map(({ name }) => name)
      })
    expect(await changed('head')).to.deep.equal(['out/kernel', 'out/bias'])
    expect(await changed('all')).to.deep.equal(layout.entries.map(({ name }) => name))
  })

  it('moves its head as plain JavaScript does, also where the network is a chain of layers', async () => {
    const chain = manifestOf({ architecture: { preset: 'mlp', hidden: [8] }, training: { batchSize: 10 } })
    const trained = async (backend: 'wasm' | 'cpu'): Promise<Float32Array> => {
      const init = { manifest: personalManifest(chain, 0.1), data: split(TOY), ...clock }
      const trainer = await createTrainer({ ...init, backend })
      const weights = await trainer.initialWeights()
      const { delta } = await trainer.train({ weights, round: 1, seed: 1, layers: 'head' })
      await trainer.stop()
      return delta
    }
    const expected = await trained('cpu')
    expect(expected.some((value) => value !== 0)).to.equal(true)
    expect(deviation(await trained('wasm'), expected)).to.be.below(1e-4)
  })

  it('is as good on held-out data as it says, and better than before', async () => {
    await withTrainer(async (trainer) => {
      const weights = await trainer.initialWeights()
      const told: Metrics[] = []
      const model = await personalise(trainer, {
        ...{ weights, layers: 'head', epochs: 5, seed: 1 },
        onEpoch: (epoch, metrics) => void (told[epoch] = metrics)
      })
      expect(await trainer.evaluate(weights)).to.deep.equal(model.before)
      expect(await trainer.evaluate(model.weights)).to.deep.equal(model.after)
      expect(told[model.epoch]).to.deep.equal(model.after)
      expect(model.after['loss']).to.be.below(0.9 * model.before['loss'])
    })
  })

  /** A trainer whose epochs come to these losses; each adds 1 to every weight. */
  function scripted(losses: number[], samples = 10): Trainer {
    const metrics = (epoch: number): Metrics => ({ loss: losses[epoch], samples })
    return {
      evaluate: async () => metrics(0),
      train: async ({ weights }: { weights: Float32Array }) => ({
        delta: new Float32Array(weights.length).fill(1),
        after: metrics(weights[0] + 1)
      })
    } as unknown as Trainer
  }
  const after = async (losses: number[], samples?: number): Promise<PersonalModel> => {
    const init = { weights: new Float32Array(2), layers: 'all', epochs: losses.length - 1, seed: 1 } as const
    return await personalise(scripted(losses, samples), init)
  }

  it('is the one of the epoch that was best', async () => {
    const model = await after([1, 0.8, 0.5, 0.7])
    expect(model).to.deep.equal({
      weights: Float32Array.of(2, 2),
      epoch: 2,
      before: { loss: 1, samples: 10 },
      after: { loss: 0.5, samples: 10 }
    })
  })

  it('is the federation’s where no epoch is better, and the last where nothing is held out', async () => {
    expect(await after([0.4, 0.8, 0.5])).to.deep.include({ epoch: 0, weights: new Float32Array(2) })
    expect(await after([0, 0, 0], 0)).to.deep.include({ epoch: 2, weights: Float32Array.of(2, 2) })
  })
})
