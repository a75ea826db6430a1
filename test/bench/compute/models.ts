/** What is timed: the models of the table in docs/benchmarks.md, each a step of forward, backward and SGD on one batch. */
import { normal, seededRandom } from '../../../src/random.ts'
import { image, manifestOf, words } from '../../training/fixtures.ts'
import { attention } from '../../training/trainable.ts'
import type { ExampleBatch } from '../../../src/training/batches.ts'
import type { ModelManifest } from '../../../src/model/task.ts'

/** One row of the table. */
export interface Workload {
  manifest: ModelManifest
  batch(): ExampleBatch
}

const digits = [...'0123456789']
const characters = Array.from({ length: 90 }, (_, i) => `c${i}`)

/** McMahan et al. 2017: 784-200-200-10. */
const twoHidden = (): ModelManifest =>
  manifestOf({
    task: { input: image(28), labels: digits },
    architecture: { preset: 'mlp', hidden: [200, 200] }
  })

/** Layers wide enough that a second thread pays: 784-2048-2048-10. */
const wide = (): ModelManifest =>
  manifestOf({
    task: { input: image(28), labels: digits },
    architecture: { preset: 'mlp', hidden: [2048, 2048] }
  })

/** The same paper's CNN: 5×5×32, pool, 5×5×64, pool, 512, 10. */
const convolutional = (): ModelManifest =>
  manifestOf({
    task: { input: image(28), labels: digits },
    architecture: { preset: 'cnn', filters: [32, 64], hidden: [512] }
  })

/** The CNN of NIID-Bench (Li et al. 2022): 5×5×6, pool, 5×5×16, pool, 120, 84, 10. */
const lenet = (): ModelManifest =>
  manifestOf({
    task: { input: image(28), labels: digits },
    architecture: topology([
      ['Conv2D', { filters: 6, kernel_size: [5, 5], padding: 'valid', activation: 'relu' }],
      ['MaxPooling2D', { pool_size: [2, 2], padding: 'valid' }],
      ['Conv2D', { filters: 16, kernel_size: [5, 5], padding: 'valid', activation: 'relu' }],
      ['MaxPooling2D', { pool_size: [2, 2], padding: 'valid' }],
      ['Flatten', {}],
      ['Dense', { units: 120, activation: 'relu' }],
      ['Dense', { units: 84, activation: 'relu' }],
      ['Dense', { units: 10, activation: 'softmax' }]
    ])
  })

/** The next of 90 characters after 80. */
const recurrent = (): ModelManifest =>
  manifestOf({
    task: { input: words(80, 88), labels: characters },
    architecture: topology([
      ['Embedding', { input_dim: 90, output_dim: 8 }],
      ['LSTM', { units: 256 }],
      ['Dense', { units: 90, activation: 'softmax' }]
    ])
  })

/** A picture row by row. */
const rowByRow = (): ModelManifest =>
  manifestOf({
    task: { input: image(28), labels: digits },
    architecture: topology([
      ['Reshape', { target_shape: [28, 28] }],
      ['GRU', { units: 256 }],
      ['Dense', { units: 10, activation: 'softmax' }]
    ])
  })

/** A table of which a batch of 64 × 16 tokens touches a tenth. */
const embedding = (): ModelManifest =>
  manifestOf({
    task: { input: words(16, 9998), labels: digits },
    architecture: topology([
      ['Embedding', { input_dim: 10_000, output_dim: 128 }],
      ['Flatten', {}],
      ['Dense', { units: 10, activation: 'softmax' }]
    ])
  })

function topology(layers: [string, Record<string, unknown>][]): { topology: string } {
  const named = layers.map(([class_name, config], i) => ({
    class_name,
    config: { name: `l${i}`, ...config }
  }))
  return { topology: JSON.stringify({ class_name: 'Sequential', config: { name: 'm', layers: named } }) }
}

const pictures = (count: number): ExampleBatch => {
  const random = seededRandom(1)
  const features = Float32Array.from({ length: count * 784 }, () => normal(random))
  return { count, features, targets: Float32Array.from({ length: count }, (_, i) => i % 10) }
}

const tokens = (count: number, length: number, options: { of: number; labels: number }): ExampleBatch => {
  const random = seededRandom(2)
  const features = Float32Array.from({ length: count * length }, () => random() % options.of)
  return { count, features, targets: Float32Array.from({ length: count }, (_, i) => i % options.labels) }
}

/** By the names that the bench's JSON uses. */
export const workloads: Record<string, Workload> = {
  '2nn-10': { manifest: twoHidden(), batch: () => pictures(10) },
  '2nn-32': { manifest: twoHidden(), batch: () => pictures(32) },
  '2nn-128': { manifest: twoHidden(), batch: () => pictures(128) },
  'wide-128': { manifest: wide(), batch: () => pictures(128) },
  'cnn-10': { manifest: convolutional(), batch: () => pictures(10) },
  'cnn-50': { manifest: convolutional(), batch: () => pictures(50) },
  'lenet-64': { manifest: lenet(), batch: () => pictures(64) },
  'lstm-32': { manifest: recurrent(), batch: () => tokens(32, 80, { of: 90, labels: 90 }) },
  'gru-32': { manifest: rowByRow(), batch: () => pictures(32) },
  // 28 rows of a picture, 64 values each; three classes.
  'attention-32': {
    manifest: attention(28, 64),
    batch: () => ({ ...pictures(32), targets: Float32Array.from({ length: 32 }, (_, i) => i % 3) })
  },
  'embedding-64': { manifest: embedding(), batch: () => tokens(64, 16, { of: 10_000, labels: 10 }) }
}

/** What is run by two threads too, where the engine has them: the names of these figures, and of those of one thread. */
export const byTwoThreads: Record<string, string> = {
  '2nn-128-2': '2nn-128',
  'wide-128-2': 'wide-128',
  'gflops-2': 'gflops'
}
