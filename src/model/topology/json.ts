/** The JSON in which Keras 2 and TensorFlow.js write layered models, read from untrusted text with caps. */
import { z } from 'zod'
import { describeIssues } from '../../federation/cbor.ts'
import { InvalidTopologyError } from '../errors.ts'

/** The most layers a model may have. */
export const MAX_LAYERS = 256
/** The most characters of a topology. */
export const MAX_TOPOLOGY_CHARACTERS = 1_000_000

const name = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'expected 1–64 letters, digits, _ . or -')

const nodeReference = z.tuple([name, z.literal(0), z.literal(0)]).rest(z.record(z.string(), z.never()))

const layerSchema = z.object({
  class_name: z.string().max(64),
  name: name.optional(),
  config: z.record(z.string().max(64), z.unknown()),
  inbound_nodes: z.array(z.array(nodeReference).min(1).max(16)).max(1).optional()
})

const layersSchema = z.array(layerSchema).min(1).max(MAX_LAYERS)

/** Older files give a chain's layers alone. */
const chainSchema = z.preprocess(
  (config) => (Array.isArray(config) ? { layers: config as unknown[] } : config),
  z.object({ layers: layersSchema })
)

const sequentialSchema = z.object({ class_name: z.literal('Sequential'), config: chainSchema })

/** One reference, which Keras writes alone or in a list. */
const endField = z.union([nodeReference, z.tuple([nodeReference]).transform(([end]) => end)])

const functionalSchema = z.object({
  class_name: z.enum(['Model', 'Functional']),
  config: z.object({ layers: layersSchema, input_layers: endField, output_layers: endField })
})

const modelSchema = z.discriminatedUnion('class_name', [sequentialSchema, functionalSchema], {
  error: "expected class_name 'Sequential', 'Model' or 'Functional'"
})

export type LayerJson = z.output<typeof layerSchema>
export type ModelJson = z.output<typeof modelSchema>

/**
 * Read a topology: a `model.json`, its `modelTopology`, or the `model_config` inside.
 *
 * @throws {InvalidTopologyError}
 */
export function readTopologyJson(text: string): ModelJson {
  if (text.length > MAX_TOPOLOGY_CHARACTERS) {
    throw new InvalidTopologyError(
      'as a whole',
      `${text.length} characters, at most ${MAX_TOPOLOGY_CHARACTERS} expected`
    )
  }
  const result = modelSchema.safeParse(unwrap(parseJson(text)))
  if (!result.success) throw new InvalidTopologyError('as a whole', describeIssues(result.error))
  return result.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidTopologyError('as a whole', `not JSON (${(cause as Error).message})`, { cause })
  }
}

const wrappers = ['modelTopology', 'model_config'] as const

function unwrap(value: unknown): unknown {
  return wrappers.reduce<unknown>((inner, key) => {
    const holder = inner as Record<string, unknown> | null
    return typeof holder === 'object' && holder != null && Object.hasOwn(holder, key) ? holder[key] : inner
  }, value)
}
