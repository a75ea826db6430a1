import { memory } from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { createTrainer } from '../../src/training/trainer.ts'
import { blobs, clock, dataset, image, manifestOf, sentences, split, tabular, words } from './fixtures.ts'
import type { BackendName } from '../../src/compute/names.ts'
import type { DataSplit } from '../../src/data/dataset.ts'
import type { ModelManifest } from '../../src/model/task.ts'
import type { Trainer, TrainingProgress, TrainingResult } from '../../src/training/types.ts'

const trainers: Trainer[] = []
afterEach(async () => {
  for (const trainer of trainers.splice(0)) await trainer.stop()
})

async function trainerOf(
  manifest: ModelManifest,
  data: DataSplit,
  backend: BackendName = 'wasm'
): Promise<Trainer> {
  const trainer = await createTrainer({ manifest, data, backend, ...clock })
  trainers.push(trainer)
  return trainer
}

/** Train some rounds in which this peer is the whole federation. */
async function rounds(
  trainer: Trainer,
  count: number
): Promise<{ weights: Float32Array; last: TrainingResult }> {
  const weights = await trainer.initialWeights()
  let last: TrainingResult | undefined
  for (let round = 1; round <= count; round++) {
    last = await trainer.train({ weights, round, seed: 4 })
    for (let i = 0; i < weights.length; i++) weights[i] += last.delta[i]
  }
  return { weights, last: last as TrainingResult }
}

const toy = { shape: [4], classes: 3, size: 300 }

describe('local training', () => {
  for (const backend of ['wasm', 'cpu'] as const) {
    for (const optimizer of [
      { name: 'sgd' },
      { name: 'momentum' },
      { name: 'adam' },
      { name: 'adamw' }
    ] as const) {
      it(`learns a toy set with ${optimizer.name} on ${backend}`, async () => {
        const learningRate = optimizer.name === 'sgd' ? 0.1 : 0.01
        const trainer = await trainerOf(
          manifestOf({ training: { optimizer, learningRate } }),
          split(toy),
          backend
        )
        const { last } = await rounds(trainer, 6)
        expect(last.after['accuracy']).to.be.above(0.85)
        expect(last.after['loss']).to.be.below(0.4)
        expect(last.after['samples']).to.equal(60)
        expect(last.samples).to.equal(300)
        expect(trainer.info).to.include({ backend, trainSamples: 300, testSamples: 60 })
      })
    }
  }

  it('learns images with a CNN on wasm', async () => {
    const manifest = manifestOf({
      task: { input: image(10) },
      architecture: { preset: 'cnn', filters: [4, 8], hidden: [16] },
      training: { learningRate: 0.05 }
    })
    const trainer = await trainerOf(manifest, split({ shape: [10, 10, 1], classes: 3, size: 192 }))
    const { last } = await rounds(trainer, 3)
    expect(last.after['accuracy']).to.be.above(0.9)
  })

  it('learns text over embeddings on wasm', async () => {
    const manifest = manifestOf({
      task: { input: words(20, 50), labels: ['no', 'yes'], metrics: ['accuracy', 'auc'] },
      training: { learningRate: 0.5, loss: 'binaryCrossentropy' }
    })
    const data = sentences({ length: 20, tokens: 50, size: 400 })
    const trainer = await trainerOf(manifest, { train: data, test: data })
    const { last } = await rounds(trainer, 8)
    expect(last.after['accuracy']).to.be.above(0.9)
    expect(last.after['auc']).to.be.above(0.95)
  })

  it('learns a regression and reports its mean absolute error', async () => {
    const features = blobs({ shape: [3], classes: 2, size: 200 })
    const values = new Float32Array(600)
    void features.read(
      Uint32Array.from({ length: 200 }, (_, i) => i),
      values,
      new Float32Array(200)
    )
    const targets = Float32Array.from({ length: 200 }, (_, i) => 2 * values[3 * i] - values[3 * i + 2] + 0.5)
    const data = dataset([3], values, targets)
    const manifest = manifestOf({
      task: { kind: 'regression', labels: [], input: tabular(3), metrics: ['accuracy', 'mae'] },
      architecture: { preset: 'logistic' },
      training: { loss: 'meanSquaredError', learningRate: 0.05 }
    })
    const { last } = await rounds(await trainerOf(manifest, { train: data, test: data }), 20)
    expect(last.after).to.have.all.keys('loss', 'mae', 'samples')
    expect(last.after['mae']).to.be.below(0.05)
  })

  it('does not change the weights it was given, and returns the difference', async () => {
    const trainer = await trainerOf(manifestOf({}), split(toy))
    const weights = await trainer.initialWeights()
    const copy = weights.slice()
    const { delta, before, after } = await trainer.train({ weights, round: 1, seed: 1 })
    expect(weights).to.deep.equal(copy)
    const sum = weights.map((value, i) => value + delta[i])
    expect((await trainer.evaluate(weights))['loss']).to.equal(before['loss'])
    expect((await trainer.evaluate(sum))['loss']).to.be.closeTo(after['loss'], 1e-5)
  })

  it('trains a given number of steps, across epochs', async () => {
    const manifest = manifestOf({ training: { work: { steps: 25 }, batchSize: 16 } })
    const seen: TrainingProgress[] = []
    const trainer = await trainerOf(manifest, split({ ...toy, size: 100 }))
    const weights = await trainer.initialWeights()
    const onProgress = (progress: TrainingProgress): void => void seen.push(progress)
    const result = await trainer.train({ weights, round: 1, seed: 1 }, { onProgress })
    expect(result.samples).to.equal(100)
    expect(seen.at(-1)).to.include({ step: 25, steps: 25 })
  })

  it('copes with an empty test set and with a batch larger than the data', async () => {
    const data = { train: blobs({ ...toy, size: 5 }), test: blobs({ ...toy, size: 0 }) }
    const trainer = await trainerOf(manifestOf({ training: { batchSize: 64 } }), data)
    const { last } = await rounds(trainer, 1)
    expect(last.after).to.deep.equal({ samples: 0 })
    expect(last.samples).to.equal(5)
  })
})

describe('repeatability', () => {
  for (const backend of ['wasm', 'cpu'] as const) {
    it(`gives equal bits for equal jobs on ${backend}, dropout and normalisation included`, async () => {
      const dense = { class_name: 'Dense', config: { units: 8, activation: 'relu' } }
      const layers = [
        dense,
        { class_name: 'BatchNormalization', config: { momentum: 0.8 } },
        { class_name: 'Dropout', config: { rate: 0.3 } },
        { class_name: 'Dense', config: { units: 3, activation: 'softmax' } }
      ]
      const topology = JSON.stringify({ class_name: 'Sequential', config: { layers } })
      const manifest = manifestOf({ architecture: { topology } })
      const first = await rounds(await trainerOf(manifest, split(toy), backend), 3)
      const second = await rounds(await trainerOf(manifest, split(toy), backend), 3)
      expect(second.weights).to.deep.equal(first.weights)
      expect(second.last.after).to.deep.equal(first.last.after)
      expect(first.last.after['accuracy']).to.be.above(0.6)
    })
  }

  it('trains in another order in another round or with another seed', async () => {
    const trainer = await trainerOf(manifestOf({}), split(toy))
    const weights = await trainer.initialWeights()
    const one = await trainer.train({ weights, round: 1, seed: 1 })
    const two = await trainer.train({ weights, round: 2, seed: 1 })
    const three = await trainer.train({ weights, round: 1, seed: 2 })
    expect(two.delta).to.not.deep.equal(one.delta)
    expect(three.delta).to.not.deep.equal(one.delta)
  })
})

describe('memory', () => {
  const architectures = {
    mlp: { preset: 'mlp' as const, hidden: [8] },
    cnn: { preset: 'cnn' as const, filters: [2], hidden: [4] }
  }
  for (const [name, architecture] of Object.entries(architectures)) {
    for (const backend of ['wasm', 'cpu'] as const) {
      it(`holds the same tensors and bytes after 20 rounds of ${name} on ${backend}`, async () => {
        const training = { optimizer: { name: 'adam' as const }, learningRate: 0.01 }
        const manifest = manifestOf({ task: { input: image(6) }, architecture, training })
        const trainer = await trainerOf(
          manifest,
          split({ shape: [6, 6, 1], classes: 3, size: 50 }, 10),
          backend
        )
        await rounds(trainer, 2)
        const { numTensors, numBytes, numDataBuffers } = memory()
        await rounds(trainer, 20)
        expect(memory()).to.include({ numTensors, numBytes, numDataBuffers })
      })
    }
  }

  it('frees everything when stopped', async () => {
    await rounds(await trainerOf(manifestOf({}), split(toy)), 1)
    await trainers.pop()?.stop()
    const { numTensors, numBytes } = memory()
    const trainer = await trainerOf(manifestOf({}), split(toy))
    await rounds(trainer, 1)
    await trainer.stop()
    expect(memory()).to.include({ numTensors, numBytes })
  })
})

describe('cancellation', () => {
  // Seconds of it, however fast a step: it must not end by itself before it is told to.
  const long = manifestOf({ training: { batchSize: 1, work: { epochs: 1000 } } })

  it('rejects with the reason within 200 ms, and the trainer goes on', async () => {
    const trainer = await trainerOf(long, split(toy))
    const weights = await trainer.initialWeights()
    const controller = new AbortController()
    const reason = new Error('the round is over')
    let abortedAt = Infinity
    const onProgress = (): void => {
      if (abortedAt < Infinity) return
      setImmediate(() => {
        abortedAt = performance.now()
        controller.abort(reason)
      })
    }
    const job = trainer.train({ weights, round: 1, seed: 1 }, { signal: controller.signal, onProgress })
    const error = await job.catch((caught: unknown) => caught)
    expect(error).to.equal(reason)
    expect(performance.now() - abortedAt).to.be.below(200)
    expect((await trainer.evaluate(weights))['samples']).to.equal(60)
  })

  it('rejects a call that waits its turn, at once', async () => {
    const trainer = await trainerOf(long, split(toy))
    const weights = await trainer.initialWeights()
    const first = new AbortController()
    const second = new AbortController()
    const running = trainer.train({ weights, round: 1, seed: 1 }, { signal: first.signal })
    const waiting = trainer.evaluate(weights, { signal: second.signal })
    second.abort(new Error('not needed'))
    expect(await waiting.catch((error: Error) => error.message)).to.equal('not needed')
    first.abort(new Error('enough'))
    expect(await running.catch((error: Error) => error.message)).to.equal('enough')
  })
})

describe('what training refuses', () => {
  it('weights of another model', async () => {
    const trainer = await trainerOf(manifestOf({}), split(toy))
    const error = await trainer.evaluate(new Float32Array(3)).catch((caught: Error) => caught)
    expect(error).to.have.property('name', 'WeightsLengthError')
    expect(error).to.have.property('message').that.includes('3 weights given')
  })

  it('a class that the manifest does not list', async () => {
    const train = dataset([4], new Float32Array(8), Float32Array.of(0, 7))
    const trainer = await trainerOf(manifestOf({}), { train, test: blobs({ ...toy, size: 0 }) })
    const error = await rounds(trainer, 1).catch((caught: Error) => caught)
    expect(error).to.have.property('name', 'InvalidTargetError')
  })

  it('data of another shape than the manifest says', async () => {
    const error = await trainerOf(manifestOf({}), split({ ...toy, shape: [5] })).catch(
      (caught: Error) => caught
    )
    expect(error).to.have.property('message').that.includes('the shape of the data is [5], expected [4]')
  })

  it('to go on once the loss is not finite', async () => {
    const manifest = manifestOf({ training: { learningRate: 1e30 } })
    const error = await rounds(await trainerOf(manifest, split(toy)), 3).catch((caught: Error) => caught)
    expect(error).to.have.property('name', 'TrainingDivergedError')
  })

  it('everything after stop()', async () => {
    const trainer = await trainerOf(manifestOf({}), split(toy))
    await trainer.stop()
    await trainer.stop()
    const error = await trainer.initialWeights().catch((caught: Error) => caught)
    expect(error).to.have.property('name', 'TrainerStoppedError')
  })
})
