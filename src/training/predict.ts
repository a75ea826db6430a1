/** Using a trained model: predictions and metrics for any data, without a trainer. */
import { setFlat } from '../model/build.ts'
import { evaluate, outputs } from './evaluate.ts'
import { sigmoid, softmaxRows } from './loss.ts'
import { buildNetwork } from './network.ts'
import { createPace } from './pace.ts'
import { selectBackend } from './trainer.ts'
import type { Network } from './network.ts'
import type { Clock } from './pace.ts'
import type { WasmOptions } from '../compute/backend.ts'
import type { BackendCandidate } from '../compute/choose.ts'
import type { BackendName } from '../compute/names.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Metrics } from '../federation/records.ts'
import type { ModelManifest } from '../model/task.ts'

export interface UseModelInit extends Clock, WasmOptions {
  manifest: ModelManifest
  /** Flat, in layout order. */
  weights: Float32Array
  /** What to predict. See `featuresDataset` for plain arrays. */
  dataset: Dataset
  backend?: BackendName
  /** Backends of this platform, tried before the embedded ones. */
  backends?: readonly BackendCandidate[]
  signal?: AbortSignal
}

export interface Predictions {
  /** Examples. */
  size: number
  /** Values an example: one a label, or 1 for regression. */
  width: number
  /** size × width: probabilities in the order of the manifest's labels, or the predicted values. */
  values: Float32Array
}

/** Predict every example of a data set. */
export function predict(init: UseModelInit): Promise<Predictions> {
  return withNetwork(init, async (network) => {
    const { labels } = init.manifest.task
    const width = Math.max(labels.length, 1)
    const values = new Float32Array(init.dataset.size * width)
    let at = 0
    for await (const { logits } of outputs(network, init.dataset, createPace(init, init.signal))) {
      const rows = labels.length === 0 ? logits : probabilities(logits, network.width)
      values.set(rows, at)
      at += rows.length
    }
    return { size: init.dataset.size, width, values }
  })
}

/** Metrics of given weights on a labelled data set. */
export function evaluateModel(init: UseModelInit): Promise<Metrics> {
  const { task } = init.manifest
  return withNetwork(init, (network) =>
    evaluate(network, init.dataset, { task, pace: createPace(init, init.signal) })
  )
}

/** Examples without targets, as a data set. `features`: examples × product(shape). */
export function featuresDataset(features: Float32Array, shape: readonly number[]): Dataset {
  const width = shape.reduce((size, n) => size * n, 1)
  return {
    size: features.length / width,
    shape,
    read(indices, into, targets) {
      for (const [i, index] of indices.entries()) {
        into.set(features.subarray(index * width, (index + 1) * width), i * width)
      }
      targets.fill(0)
    }
  }
}

async function withNetwork<T>(init: UseModelInit, use: (network: Network) => Promise<T>): Promise<T> {
  await selectBackend(init)
  const network = await buildNetwork(init.manifest)
  try {
    setFlat(network, init.weights)
    return await use(network)
  } finally {
    network.dispose()
  }
}

/** A single logit becomes the probabilities of both labels. */
function probabilities(logits: Float32Array, width: number): Float32Array {
  if (width > 1) return softmaxRows(logits, width)
  return Float32Array.from({ length: 2 * logits.length }, (_, i) => {
    const second = sigmoid(logits[i >> 1])
    return i % 2 === 1 ? second : 1 - second
  })
}
