import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { tensorMemory } from '../../src/compute/memory.ts'
import { touchedRows } from '../../src/compute/rows.ts'
import { readFlat, setFlat } from '../../src/model/build.ts'
import { initialWeights } from '../../src/model/initial.ts'
import { buildNetwork, withGradients } from '../../src/training/network.ts'
import { createOptimizer } from '../../src/training/optimizer.ts'
import { integerBelow, seededRandom } from '../../src/random.ts'
import { words } from '../training/fixtures.ts'
import { chain } from '../training/trainable.ts'
import { deviation } from './tensors.ts'
import type { ExampleBatch } from '../../src/training/batches.ts'
import type { TrainingSpec } from '../../src/federation/manifest/schema.ts'

const ROWS = 300
const WIDTH = 5
const manifest = chain(
  { input: words(4, ROWS - 2) },
  ['Embedding', { input_dim: ROWS, output_dim: WIDTH }],
  ['Flatten', {}]
)

/** Of so many texts; some tokens are there twice, and few of them from batch to batch. */
function batchOf(seed: number, count: number): ExampleBatch {
  const random = seededRandom(seed)
  const features = Float32Array.from({ length: 4 * count }, () => integerBelow(random, ROWS))
  features[1] = features[0]
  return { count, features, targets: Float32Array.from({ length: count }, (_, i) => i % 3) }
}

async function trained(
  backend: 'wasm' | 'cpu',
  { optimizer: spec, counts }: { optimizer: TrainingSpec['optimizer']; counts: number[] }
): Promise<Float32Array> {
  await startBackend(backend)
  const network = await buildNetwork(manifest)
  setFlat(network, initialWeights(network.layout, 1))
  const optimizer = createOptimizer(spec, 0.5)
  for (const [i, count] of counts.entries()) {
    // A backward pass whose gradients nobody uses leaves nothing behind.
    await withGradients(network, batchOf(100 + i, count), () => {})
    await withGradients(network, batchOf(i, count), (gradients) =>
      optimizer.apply(network.trained, gradients, tensorMemory())
    )
  }
  const weights = await readFlat(network)
  optimizer.dispose()
  network.dispose()
  return weights
}

describe('an embedding in one operation', () => {
  for (const optimizer of [
    { name: 'sgd' },
    { name: 'momentum', momentum: 0.9 },
    { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }
  ] as const) {
    it(`trains as the plain one does, by ${optimizer.name}, be there few tokens or many`, async () => {
      const steps = { optimizer, counts: [2, 3, 60, 2, 100, 5] }
      expect(deviation(await trained('wasm', steps), await trained('cpu', steps))).to.be.below(1e-4)
    })
  }

  it('has a gradient of the rows that were looked up, and says which', async () => {
    await startBackend('wasm')
    const network = await buildNetwork(manifest)
    setFlat(network, initialWeights(network.layout, 1))
    const batch = batchOf(1, 3)
    for (let repeat = 0; repeat < 2; repeat++) {
      await withGradients(network, batch, ([gradient]) => {
        const rows = touchedRows(gradient as tf.Tensor)
        expect(rows?.rowSize).to.equal(WIDTH)
        expect([...(rows?.ids ?? [])]).to.deep.equal([...batch.features])
        const values = tensorMemory().view(gradient as tf.Tensor)
        const touched = new Set(batch.features)
        for (let row = 0; row < ROWS; row++) {
          const isZero = values.subarray(row * WIDTH, (row + 1) * WIDTH).every((value) => value === 0)
          expect(isZero, `row ${row}`).to.equal(!touched.has(row))
        }
      })
    }
    network.dispose()
  })

  it('leaves no tensor behind', async () => {
    await startBackend('wasm')
    await trained('wasm', { optimizer: { name: 'sgd' }, counts: [2] })
    const before = tf.memory()
    await trained('wasm', { optimizer: { name: 'sgd' }, counts: [2, 3] })
    expect(tf.memory().numTensors).to.equal(before.numTensors)
    expect(tf.memory().numBytes).to.equal(before.numBytes)
  })
})
