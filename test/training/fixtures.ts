/** Small manifests and data sets for tests. */
import { manifestDraftSchema } from '../../src/federation/manifest/schema.ts'
import { normal, seededRandom } from '../../src/random.ts'
import type { DataSplit, Dataset } from '../../src/data/dataset.ts'
import type { ManifestDraft } from '../../src/federation/manifest/schema.ts'
import type { ModelManifest } from '../../src/model/task.ts'
import type { Clock } from '../../src/training/pace.ts'

export type Architecture = ManifestDraft['model']['architecture']

/** The parts of a manifest that training reads, defaults filled. */
export function manifestOf(parts: {
  task?: Partial<ManifestDraft['task']>
  architecture?: Architecture
  training?: ManifestDraft['training']
  seed?: number
}): ModelManifest {
  const task = { kind: 'classification' as const, input: tabular(4), labels: ['a', 'b', 'c'], ...parts.task }
  const model = {
    architecture: parts.architecture ?? { preset: 'mlp' as const, hidden: [16] },
    initial: { seed: parts.seed ?? 1 }
  }
  const draft = manifestDraftSchema.parse({ name: 'test', task, model, training: parts.training ?? {} })
  return { task: draft.task, model: draft.model, training: draft.training }
}

export const tabular = (features: number): ManifestDraft['task']['input'] => ({
  kind: 'tabular',
  columns: Array.from({ length: features }, (_, i) => ({ name: `x${i}`, type: 'number' })),
  target: 'y'
})

export const image = (
  height: number,
  width = height,
  channels: 1 | 3 = 1
): ManifestDraft['task']['input'] => ({
  kind: 'image',
  height,
  width,
  channels
})

export const words = (length: number, buckets: number): ManifestDraft['task']['input'] => ({
  kind: 'text',
  length,
  tokens: { kind: 'words', buckets }
})

/** Examples in memory. */
export function dataset(shape: readonly number[], features: Float32Array, targets: Float32Array): Dataset {
  const width = shape.reduce((size, n) => size * n, 1)
  return {
    size: targets.length,
    shape,
    read(indices, featuresInto, targetsInto) {
      for (const [i, index] of indices.entries()) {
        featuresInto.set(features.subarray(index * width, (index + 1) * width), i * width)
        targetsInto[i] = targets[index]
      }
    }
  }
}

/** Noisy points around one random centre a class: learnable by anything. */
export function blobs(options: { shape: number[]; classes: number; size: number; seed?: number }): Dataset {
  const { shape, classes, size, seed = 5 } = options
  const width = shape.reduce((product, n) => product * n, 1)
  const centres = Float32Array.from({ length: classes * width }, () => 0)
  const centreRandom = seededRandom(99)
  for (let i = 0; i < centres.length; i++) centres[i] = normal(centreRandom)
  const random = seededRandom(seed)
  const targets = Float32Array.from({ length: size }, (_, i) => i % classes)
  const features = new Float32Array(size * width)
  for (let i = 0; i < features.length; i++) {
    features[i] = centres[targets[Math.floor(i / width)] * width + (i % width)] + 0.5 * normal(random)
  }
  return dataset(shape, features, targets)
}

/** Token ids where the class decides which tokens are common. */
export function sentences(options: { length: number; tokens: number; size: number }): Dataset {
  const { length, tokens, size } = options
  const random = seededRandom(3)
  const targets = Float32Array.from({ length: size }, (_, i) => i % 2)
  const half = tokens >> 1
  const features = Float32Array.from({ length: size * length }, (_, i) => {
    const target = targets[Math.floor(i / length)]
    return (random() % 4 === 0 ? 0 : target * half) + (random() % half)
  })
  return dataset([length], features, targets)
}

export const split = (options: Parameters<typeof blobs>[0], testSize = 60): DataSplit => ({
  train: blobs(options),
  test: blobs({ ...options, size: testSize, seed: 6 })
})

/** A real clock: setImmediate lets timers and messages in. */
export const clock: Clock = {
  now: () => performance.now(),
  yieldToEvents: () => new Promise((resolve) => setImmediate(resolve))
}
