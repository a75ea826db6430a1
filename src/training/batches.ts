/** Which examples in which order: a seeded shuffle of indices, never of data, and buffers that are used again. */
import { seededRandom, shuffle } from '../random.ts'
import type { Dataset } from '../data/dataset.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'

/** Examples read into buffers that the next batch overwrites. */
export interface ExampleBatch {
  count: number
  /** count × product(shape). */
  features: Float32Array
  /** count. */
  targets: Float32Array
}

/** Reads batches of a data set into its own buffers. */
export interface BatchReader {
  read(indices: Uint32Array): Promise<ExampleBatch>
}

/** A reader for batches of up to `most` examples. */
export function batchReader(data: Dataset, most: number): BatchReader {
  const width = data.shape.reduce((size, n) => size * n, 1)
  const features = new Float32Array(most * width)
  const targets = new Float32Array(most)
  return {
    async read(indices) {
      const count = indices.length
      const batch = {
        count,
        features: features.subarray(0, count * width),
        targets: targets.subarray(0, count)
      }
      await data.read(indices, batch.features, batch.targets)
      return batch
    }
  }
}

/** How much one round trains. */
export interface RoundPlan {
  steps: number
  /** Different examples seen. */
  samples: number
}

/** Steps of a round: whole epochs, the last batch of each possibly smaller, or a number of steps. */
export function planRound({ work, batchSize }: TrainingSpec, examples: number): RoundPlan {
  const perEpoch = Math.ceil(examples / batchSize)
  if ('epochs' in work) return { steps: work.epochs * perEpoch, samples: examples }
  const steps = examples === 0 ? 0 : work.steps
  return { steps, samples: Math.min(examples, steps * batchSize) }
}

/** Batches of indices without end, epoch after epoch, each in a new order. Views into one array: use before the next. */
export function* batchOrder(
  examples: number,
  batchSize: number,
  seed: number[]
): Generator<Uint32Array, never> {
  const random = seededRandom(...seed)
  const order = Uint32Array.from({ length: examples }, (_, i) => i)
  for (;;) {
    shuffle(order, random)
    for (let at = 0; at < examples; at += batchSize) yield order.subarray(at, at + batchSize)
  }
}
