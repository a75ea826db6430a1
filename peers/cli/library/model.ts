/** The committed model in use: files, layers, predictions, measures. TensorFlow.js is loaded only when it computes. */
import { setImmediate } from 'node:timers/promises'
import { subset } from '../../../src/data/subset.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { namedTensors } from '../../../src/model/files/tensors.ts'
import { planFor } from '../../../src/model/task.ts'
import { UserError } from '../output/exit.ts'
import { confusionOf, predictionsOf } from './predictions.ts'
import type { Library, ModelInput } from './types.ts'

type ModelUse = Pick<Library, 'exportModel' | 'describeModel' | 'predict' | 'evaluate'>

/** See Library in types.ts. */
export const modelUse: ModelUse = {
  async exportModel({ manifest, weights, format, metadata }) {
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
  },

  async describeModel(manifest) {
    const { entries } = layoutOf(planFor(manifest))
    return entries.map(({ name, shape, size }) => ({ name, shape: [...shape], size }))
  },

  async predict({ path, index, trainedOn, ...model }) {
    const { openExamples } = await import('../../node/data/index.ts')
    const all = await openExamples({ path, manifest: model.manifest, trainedOn })
    if (index != null && index >= all.size) {
      throw new UserError(`${path} has ${all.size} examples, counted from 0: there is no number ${index}.`)
    }
    const dataset = index == null ? all : subset(all, Uint32Array.of(index))
    const { predict } = await import('../../../src/training/predict.ts')
    return predictionsOf(await predict({ ...host(model), dataset }))
  },

  async evaluate({ data, ...model }) {
    const { openData } = await import('../../node/data/index.ts')
    const { test: dataset } = await openData(data, model.manifest)
    const { evaluateModel, predict } = await import('../../../src/training/predict.ts')
    const init = { ...host(model), dataset }
    const metrics = await evaluateModel(init)
    const classes = model.manifest.task.labels.length
    if (classes === 0) return { metrics, confusion: null }
    return { metrics, confusion: confusionOf(predictionsOf(await predict(init)), dataset.targets, classes) }
  }
}

/** The model, and what computing takes of this host. */
function host(model: ModelInput): ModelInput & { now(): number; yieldToEvents(): Promise<void> } {
  return { ...model, now: () => performance.now(), yieldToEvents: () => setImmediate() }
}
