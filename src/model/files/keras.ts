/**
 * TensorFlow.js' layers format: `model.json` beside `weights.bin`. tf.loadLayersModel() reads it, and
 * tensorflowjs_converter turns it into a Keras file.
 *
 * Format: https://www.tensorflow.org/js/guide/save_load
 */
import { z } from 'zod'
import { describeIssues } from '../../federation/cbor.ts'
import { InvalidModelFileError } from '../errors.ts'
import { sizeOf } from '../layers/common.ts'
import { MAX_TOPOLOGY_CHARACTERS } from '../topology/json.ts'
import { writeTopology } from '../topology/write.ts'
import { concatenateBytes, namedTensors, readTensor } from './tensors.ts'
import type { NamedTensor } from './tensors.ts'
import type { Layout } from '../layout.ts'
import type { ModelPlan } from '../topology/plan.ts'

/** The two files. `weights` goes to 'weights.bin'. */
export interface KerasFiles {
  modelJson: string
  weights: Uint8Array
}

/** What a file says of its origin: federation, round, commit, licence… */
export type ModelMetadata = Record<string, string | number>

/** Write a model, its last activation included. */
export function writeKerasModel(
  model: { plan: ModelPlan; layout: Layout; weights: Float32Array },
  metadata: ModelMetadata = {}
): KerasFiles {
  const tensors = namedTensors(model.layout, model.weights)
  const json = {
    format: 'layers-model',
    generatedBy: 'Murmuration',
    convertedBy: null,
    modelTopology: {
      keras_version: '2.15.0',
      backend: 'tensorflow',
      model_config: writeTopology(model.plan.topology)
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }))
      }
    ],
    userDefinedMetadata: metadata
  }
  return { modelJson: JSON.stringify(json, null, 1), weights: concatenateBytes(tensors) }
}

const weightSchema = z.object({
  name: z.string().min(1).max(256),
  shape: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 28)
    )
    .max(8),
  dtype: z.literal('float32'),
  quantization: z.undefined({ error: 'quantised weights are not supported' }).optional()
})

const fileSchema = z.object({
  format: z.literal('layers-model').optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z
    .array(
      z.object({ paths: z.array(z.string().max(256)).max(1024), weights: z.array(weightSchema).max(4096) })
    )
    .max(64)
})

/** A model read from files: its topology as text for a manifest, and its weights. */
export interface KerasModel {
  topology: string
  tensors: NamedTensor[]
}

/**
 * Read a model. The topology is only unwrapped here; `parseTopology` checks it.
 *
 * @param weights - the weight files, one after another in the order of the manifest
 * @throws {InvalidModelFileError}
 */
export function readKerasModel({ modelJson, weights }: KerasFiles): KerasModel {
  const file = parseFile(modelJson)
  const specs = file.weightsManifest.flatMap((group) => group.weights)
  const expected = specs.reduce((size, { shape }) => size + 4 * sizeOf(shape), 0)
  if (expected !== weights.byteLength) {
    throw new InvalidModelFileError('weights.bin', `${weights.byteLength} bytes, model.json says ${expected}`)
  }
  let offset = 0
  const tensors = specs.map(({ name, shape }) => {
    const tensor = readTensor(weights, { name, shape, offset })
    offset += tensor.values.byteLength
    return tensor
  })
  return { topology: JSON.stringify(file.modelTopology), tensors }
}

function parseFile(text: string): z.output<typeof fileSchema> {
  if (text.length > MAX_TOPOLOGY_CHARACTERS) {
    const reason = `${text.length} characters, at most ${MAX_TOPOLOGY_CHARACTERS} expected`
    throw new InvalidModelFileError('model.json', reason)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new InvalidModelFileError('model.json', `not JSON (${(cause as Error).message})`, { cause })
  }
  const result = fileSchema.safeParse(json)
  if (!result.success) throw new InvalidModelFileError('model.json', describeIssues(result.error))
  return result.data
}
