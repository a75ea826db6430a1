/** What every compute engine beside the embedded ones must do, where it is. */
import { memory } from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { nodeBackends } from '../../peers/node/compute/index.ts'
import { startTrainingWorker } from '../../peers/node/training/index.ts'
import { measureProduct, measureStep } from '../../src/training/measure.ts'
import { createTrainer, selectBackend } from '../../src/training/trainer.ts'
import { clock, image, manifestOf, split } from '../training/fixtures.ts'
import { trainable } from '../training/trainable.ts'
import { userCache, withCache } from '../helpers/native.ts'
import { digits } from '../peers/training/fixtures.ts'
import type { BackendName } from '../../src/compute/names.ts'
import type { ModelManifest } from '../../src/model/task.ts'
import type { Trainer, TrainingResult } from '../../src/training/types.ts'

/** The same models, optimizers and threads as on the embedded engines. `isHere`: else all is skipped, and says so. */
export function backendSuite(backend: BackendName, isHere: boolean): void {
  const native = { backends: nodeBackends(), ...clock } as const
  const title = `${backend}${isHere ? '' : ` (skipped: no ${backend})`}`

  ;(isHere ? describe : describe.skip)(title, function () {
    this.timeout(300_000)
    const trainers: Trainer[] = []
    const open = async (manifest: ModelManifest, name: BackendName): Promise<Trainer> => {
      const shape = manifest.task.input.kind === 'image' ? [10, 10, 1] : [4]
      const data = split({ shape, classes: 3, size: 300 })
      const init = { manifest, data, backend: name, ...native }
      const trainer = await withCache(userCache, () => createTrainer(init))
      trainers.push(trainer)
      return trainer
    }
    const select = (manifest: ModelManifest) =>
      withCache(userCache, () => selectBackend({ manifest, backend, ...native }))
    const round = async (manifest: ModelManifest, name: BackendName): Promise<TrainingResult> => {
      const trainer = await open(manifest, name)
      return trainer.train({ weights: await trainer.initialWeights(), round: 1, seed: 4 })
    }

    afterEach(async () => {
      for (const trainer of trainers.splice(0)) await trainer.stop()
    })

    for (const [name, manifest] of Object.entries(trainable)) {
      it(`computes what plain JavaScript does: ${name}`, async () => {
        expect((await select(manifest)).name).to.equal(backend)
      })
    }

    for (const training of [
      { optimizer: { name: 'sgd' } },
      { optimizer: { name: 'momentum' } },
      { optimizer: { name: 'adam' } },
      { optimizer: { name: 'adamw', weightDecay: 0.5 } },
      { optimizer: { name: 'momentum' }, client: { name: 'fedprox', mu: 1 } }
    ] as const) {
      it(`moves weights as plain JavaScript does: ${JSON.stringify(training)}`, async () => {
        const manifest = manifestOf({ training: { ...training, learningRate: 0.01 } })
        const found = await round(manifest, backend)
        const expected = await round(manifest, 'cpu')
        for (const [i, value] of expected.delta.entries()) expect(found.delta[i]).to.be.closeTo(value, 2e-4)
        expect(found.after['loss']).to.be.closeTo(expected.after['loss'], 1e-3)
      })
    }

    it('gives equal bits for equal jobs', async () => {
      const manifest = manifestOf({
        task: { input: image(10) },
        architecture: { preset: 'cnn', filters: [4], hidden: [8] }
      })
      const [one, two] = [await round(manifest, backend), await round(manifest, backend)]
      expect(two.delta).to.deep.equal(one.delta)
    })

    it('holds the same tensors and bytes after some rounds', async () => {
      const trainer = await open(manifestOf({ training: { optimizer: { name: 'adam' } } }), backend)
      const weights = await trainer.initialWeights()
      await trainer.train({ weights, round: 1, seed: 1 })
      const { numTensors, numBytes } = memory()
      for (let i = 2; i <= 5; i++) await trainer.train({ weights, round: i, seed: 1 })
      expect(memory()).to.include({ numTensors, numBytes })
    })

    it('is measured as the others are', async () => {
      await select(trainable['mlp'])
      expect(await measureStep(trainable['mlp'], clock)).to.be.within(0.01, 10_000)
      expect((await measureProduct(clock)).gflops).to.be.above(0.01)
    })

    it('trains in threads, one after the other and side by side', async () => {
      const data = { path: 'demo:1' }
      const start = (): Promise<Trainer> => startTrainingWorker({ manifest: digits(), data, backend })
      await withCache(userCache, async () => {
        const first = await start()
        await first.stop()
        const both = await Promise.all([start(), start()])
        trainers.push(...both)
        const results = await Promise.all(
          both.map(async (trainer) => {
            expect(trainer.info.backend).to.equal(backend)
            return trainer.train({ weights: await trainer.initialWeights(), round: 1, seed: 1 })
          })
        )
        expect(results[1].delta).to.deep.equal(results[0].delta)
        expect(results[0].after['loss']).to.be.below(results[0].before['loss'])
      })
    })

    it('is compared with our kernels, and whichever is slower says so', async () => {
      const manifest = trainable['mlp']
      const only = nodeBackends().filter(({ name }) => name === backend)
      const init = { ...native, manifest, backends: only }
      const { name, attempts } = await withCache(userCache, () => selectBackend(init))
      const slower = attempts.filter(({ reason }) => reason != null)
      expect([name, ...slower.map((attempt) => attempt.name)].sort()).to.deep.equal([backend, 'wasm'].sort())
      expect(slower[0].reason).to.match(/^passed its check, but is slower: [\d.]+ ms a step, [\w-]+ [\d.]+$/)
    })
  })
}
