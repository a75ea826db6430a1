/** What describes a layer, and the config fields that layers share. */
import { z } from 'zod'

/** Sizes along each axis, without the batch axis. */
export type Shape = readonly number[]

/** How a weight starts. Parsed from Keras' `{ class_name, config }` or a snake-case name. */
export interface Initializer {
  name: string
  config: Record<string, unknown>
}

/** One weight of a layer, in the order in which TensorFlow.js lists them. */
export interface LayerWeight {
  /** E.g. 'kernel'. */
  name: string
  shape: Shape
  initializer: Initializer
  /** Moving statistics are not trained by the optimizer, but travel with the others. */
  trainable: boolean
  /** Draws the `i`-th block of the last axis with ones instead: LSTM's forget gate. */
  onesBlock?: { index: number; count: number }
}

/** What a layer does to shapes: enough to size a model before anything is allocated. */
export interface LayerEffect {
  output: Shape
  weights: LayerWeight[]
  /** Multiply-adds for one example, roughly. */
  operations: number
}

/** One layer class: which options it may have, and what it does. */
export interface LayerType {
  config: z.ZodType<Record<string, unknown>>
  /** The options that `config` knows. */
  options: ReadonlySet<string>
  /** @throws {Error} with a reason, when the inputs do not fit */
  effect(config: Record<string, unknown>, inputs: Shape[]): LayerEffect
}

/** A layer type whose config is typed inside its own functions. */
export function layerType<S extends z.ZodRawShape>(
  config: z.ZodObject<S>,
  effect: (config: z.output<z.ZodObject<S>>, inputs: Shape[]) => LayerEffect
): LayerType {
  const options = new Set(Object.keys(config.shape))
  return { config, options, effect: (values, inputs) => effect(values as z.output<typeof config>, inputs) }
}

/** The product of all sizes. */
export const sizeOf = (shape: Shape): number => shape.reduce((size, n) => size * n, 1)

/** A layer without weights; `operations` defaults to one a value. */
export const weightless = (output: Shape, operations = sizeOf(output)): LayerEffect => ({
  output,
  weights: [],
  operations
})

/** The only input, of this rank. */
export function onlyInput(inputs: Shape[], rank?: number): Shape {
  if (inputs.length !== 1) throw new Error(`${inputs.length} inputs, expected one`)
  const [input] = inputs
  if (rank != null && input.length !== rank) {
    throw new Error(`input of shape [${input.join(', ')}], expected ${rank} axes besides the batch`)
  }
  return input
}

/** A trainable weight. */
export const weight = (name: string, shape: Shape, initializer: Initializer): LayerWeight => ({
  name,
  shape,
  initializer,
  trainable: true
})

const activations = [
  ...['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'hard_sigmoid', 'hardSigmoid'],
  ...['softmax', 'softplus', 'softsign', 'tanh', 'swish']
] as const

/** The largest size of any one axis or option. */
const MAX_SIZE = 2 ** 28

export const size = z.int().min(1).max(MAX_SIZE)
export const activationField = z.enum(activations)
export const dataFormatField = z.enum(['channels_last', 'channelsLast']).default('channels_last')
export const paddingField = z.enum(['valid', 'same']).default('valid')

/** The names under which initializers may appear, each in one form. */
const initializerNames = new Map(
  Object.entries({
    zeros: ['Zeros', 'zeros'],
    ones: ['Ones', 'ones'],
    constant: ['Constant', 'constant'],
    randomUniform: ['RandomUniform', 'random_uniform', 'randomUniform', 'uniform'],
    randomNormal: ['RandomNormal', 'random_normal', 'randomNormal', 'normal'],
    truncatedNormal: ['TruncatedNormal', 'truncated_normal', 'truncatedNormal'],
    glorotUniform: ['GlorotUniform', 'glorot_uniform', 'glorotUniform'],
    glorotNormal: ['GlorotNormal', 'glorot_normal', 'glorotNormal'],
    heUniform: ['HeUniform', 'he_uniform', 'heUniform'],
    heNormal: ['HeNormal', 'he_normal', 'heNormal'],
    lecunUniform: ['LecunUniform', 'LeCunUniform', 'lecun_uniform', 'leCunUniform'],
    lecunNormal: ['LecunNormal', 'LeCunNormal', 'lecun_normal', 'leCunNormal'],
    varianceScaling: ['VarianceScaling', 'variance_scaling', 'varianceScaling'],
    orthogonal: ['Orthogonal', 'orthogonal']
  }).flatMap(([name, aliases]) => aliases.map((alias) => [alias, name] as const))
)

const initializerName = z.string().transform((text, context) => {
  const name = initializerNames.get(text)
  if (name != null) return name
  context.addIssue(`unknown initializer '${text.slice(0, 40)}'`)
  return z.NEVER
})

const initializerConfig = z
  .record(z.string().max(32), z.union([z.number(), z.string().max(32), z.boolean(), z.null()]))
  .refine((config) => Object.keys(config).length <= 8, 'at most 8 options')

const initializerSchema = z.preprocess(
  (given) => (typeof given === 'string' ? { class_name: given } : given),
  z.object({ class_name: initializerName, config: initializerConfig.nullish() })
)

/** An initializer in either of Keras' forms. */
export const initializerField = (otherwise: string): z.ZodType<Initializer> =>
  initializerSchema
    .nullish()
    .transform((given) => ({ name: given?.class_name ?? otherwise, config: { ...given?.config } }))

/** A size per axis: Keras writes one number or a list. */
export const sizes = (axes: number, otherwise: number): z.ZodType<number[]> =>
  z
    .union([size.transform((n) => new Array<number>(axes).fill(n)), z.array(size).length(axes)])
    .nullish()
    .transform((given) => given ?? new Array<number>(axes).fill(otherwise))

/** No dilation: its gradient is not one that we (or TensorFlow.js) compute. */
export const noDilation = z
  .union([z.literal(1), z.array(z.literal(1)).max(2)])
  .nullish()
  .transform(() => 1)
