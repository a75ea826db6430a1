/** The committed model in use: files, layers, predictions, measures. TensorFlow.js is loaded only when it computes. */
import { setImmediate } from 'node:timers/promises'
import { DataError } from '../../../src/data/errors.ts'
import { subset } from '../../../src/data/subset.ts'
import { namedTensors } from '../../../src/model/files/tensors.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { planFor } from '../../../src/model/task.ts'
import { confusionOf, predictionsOf } from './predictions.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { DataOptions } from '../types.ts'
import type {
  Evaluation,
  ExportInit,
  ModelInput,
  OutputFile,
  PredictInit,
  Prediction,
  WeightDescription
} from './types.ts'

/** The model as files: model.json and weights.bin for `tf.loadLayersModel` and Keras, or one safetensors file. */
export async function exportModel(init: ExportInit): Promise<OutputFile[]> {
  const { manifest, weights, format, metadata = {} } = init
  const plan = planFor(manifest)
  const layout = layoutOf(plan)
  if (format === 'keras') {
    const { writeKerasModel } = await import('../../../src/model/files/keras.ts')
    const files = writeKerasModel({ plan, layout, weights }, metadata)
    return [
      { name: 'model.json', bytes: new TextEncoder().encode(files.modelJson) },
      { name: 'weights.bin', bytes: files.weights }
    ]
  }
  const { writeSafetensors } = await import('../../../src/model/files/safetensors.ts')
  const texts = Object.entries(metadata).map(([key, value]) => [key, String(value)])
  const file = { tensors: namedTensors(layout, weights), metadata: Object.fromEntries(texts) }
  return [{ name: 'model.safetensors', bytes: writeSafetensors(file) }]
}

/** Layer by layer: name, shape, number of weights. */
export function describeModel(manifest: Manifest): WeightDescription[] {
  const { entries } = layoutOf(planFor(manifest))
  return entries.map(({ name, shape, size }) => ({ name, shape: [...shape], size }))
}

/**
 * What the model says of examples in a file or directory, row by row.
 *
 * @throws {DataError} they are not what the manifest describes
 */
export async function predictExamples({
  path,
  index,
  trainedOn,
  ...model
}: PredictInit): Promise<Prediction[]> {
  const { openExamples } = await import('../data/index.ts')
  const all = await openExamples({ path, manifest: model.manifest, trainedOn })
  if (index != null && index >= all.size) {
    const found = `${all.size} examples, counted from 0`
    throw new DataError({ file: path, expected: `an example number ${index}`, found })
  }
  const dataset = index == null ? all : subset(all, Uint32Array.of(index))
  const { predict } = await import('../../../src/training/predict.ts')
  return predictionsOf(await predict({ ...host(model), dataset }))
}

/**
 * Measure the model on the test part of some data.
 *
 * @throws {DataError} it is not what the manifest describes
 */
export async function evaluateOn({
  data,
  ...model
}: ModelInput & { data: DataOptions }): Promise<Evaluation> {
  const { openData } = await import('../data/index.ts')
  const { test: dataset } = await openData(data, model.manifest)
  const { evaluateModel, predict } = await import('../../../src/training/predict.ts')
  const init = { ...host(model), dataset }
  const metrics = await evaluateModel(init)
  const classes = model.manifest.task.labels.length
  if (classes === 0) return { metrics, confusion: null }
  return { metrics, confusion: confusionOf(predictionsOf(await predict(init)), dataset.targets, classes) }
}

/** The model, and what computing takes of this host. */
function host(model: ModelInput): ModelInput & { now(): number; yieldToEvents(): Promise<void> } {
  return { ...model, now: () => performance.now(), yieldToEvents: () => setImmediate() }
}
