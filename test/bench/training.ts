/**
 * Milliseconds a training step: forward, backward and SGD on random data.
 *
 * `node test/bench/training.ts [--cpu]`; the last line is JSON, keys `<backend>.<model>.<batch>`. With --cpu the plain
 * backend is timed too, which takes minutes for the CNN.
 */
import { startBackend } from '../../src/compute/backend.ts'
import { setFlat } from '../../src/model/build.ts'
import { initialWeights } from '../../src/model/initial.ts'
import { normal, seededRandom } from '../../src/random.ts'
import { buildNetwork } from '../../src/training/network.ts'
import { trainingSteps } from '../../src/training/steps.ts'
import { image, manifestOf } from '../training/fixtures.ts'
import type { EmbeddedBackend } from '../../src/compute/backend.ts'
import type { ExampleBatch } from '../../src/training/batches.ts'
import type { Architecture } from '../training/fixtures.ts'

const models: Record<string, Architecture> = {
  '2nn': { preset: 'mlp', hidden: [200, 200] },
  cnn: { preset: 'cnn', filters: [32, 64], hidden: [512] }
}
const labels = [...'0123456789']

function randomBatch(count: number): ExampleBatch {
  const random = seededRandom(1)
  const features = Float32Array.from({ length: count * 784 }, () => normal(random))
  return { count, features, targets: Float32Array.from({ length: count }, (_, i) => i % 10) }
}

async function stepMs(model: string, batchSize: number, budgetMs: number): Promise<number> {
  const network = await buildNetwork(
    manifestOf({ task: { input: image(28), labels }, architecture: models[model] })
  )
  setFlat(network, initialWeights(network.layout, 1))
  const batch = randomBatch(batchSize)
  const steps = trainingSteps(network, { optimizer: { name: 'sgd' }, learningRate: 0.01 })
  const times: number[] = []
  for (let spent = 0, i = 0; spent < budgetMs || i < 3; i++) {
    const startedAt = performance.now()
    void steps.step(batch)
    const durationMs = performance.now() - startedAt
    spent += durationMs
    times.push(durationMs)
  }
  network.dispose()
  // The later half is warm; its median ignores what other processes do.
  return times.slice(times.length >> 1).sort((a, b) => a - b)[times.length >> 2]
}

const figures: Record<string, number> = {}

async function measure(backend: EmbeddedBackend, model: string, batchSize: number): Promise<void> {
  await startBackend(backend)
  const ms = await stepMs(model, batchSize, backend === 'wasm' ? 2000 : 500)
  figures[`${backend}.${model}.${batchSize}`] = Number(ms.toFixed(3))
  console.log(
    `${backend.padEnd(5)} ${model} batch ${String(batchSize).padStart(3)}: ${ms.toFixed(2)} ms/step`
  )
}

for (const batchSize of [10, 32, 128]) await measure('wasm', '2nn', batchSize)
await measure('wasm', 'cnn', 10)
for (const batchSize of [10, 32, 128]) await measure('cpu', '2nn', batchSize)
if (process.argv.includes('--cpu')) await measure('cpu', 'cnn', 10)
console.log(JSON.stringify(figures))
