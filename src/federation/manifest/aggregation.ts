/** The part of the manifest that says how updates become one, and how that moves the model. */
import { z } from 'zod'
import { peerIdField } from '../fields.ts'

const positive = z.number().positive()

/** A roster has 1024 members, of which no rule withstands half. */
const MAX_BYZANTINE = 511
/** MDA looks at up to 2 to this power sets of members. */
const MAX_MDA_BYZANTINE = 8
const MAX_ITERATIONS = 100
/** Nobody mixes more often. */
const MAX_PREPARATIONS = 3

/** So many of those whose updates a round counts may lie. */
const byzantine = z.int().min(0).max(MAX_BYZANTINE).default(1)
const iterations = z.int().min(1).max(MAX_ITERATIONS)

const ruleSchema = z.discriminatedUnion('name', [
  /** By samples. */
  z.strictObject({ name: z.literal('mean') }),
  /** By samples; longer updates are shortened to this L2 norm. */
  z.strictObject({ name: z.literal('normClipping'), norm: positive }),
  z.strictObject({ name: z.literal('median') }),
  z.strictObject({ name: z.literal('trimmedMean'), byzantine }),
  z.strictObject({ name: z.literal('meamed'), byzantine }),
  z.strictObject({
    name: z.literal('geometricMedian'),
    iterations: iterations.default(8),
    /** Members closer than this to the median count as this close; in units of the updates' L2 norm. */
    smoothing: positive.default(1e-3)
  }),
  z.strictObject({ name: z.literal('krum'), byzantine }),
  z.strictObject({ name: z.literal('multiKrum'), byzantine }),
  z.strictObject({ name: z.literal('bulyan'), byzantine }),
  z.strictObject({ name: z.literal('mda'), byzantine: byzantine.unwrap().max(MAX_MDA_BYZANTINE).default(1) }),
  z.strictObject({ name: z.literal('caf'), byzantine }),
  z.strictObject({
    name: z.literal('centeredClipping'),
    /** No member moves the result by more than this, divided by their number, a step. */
    radius: positive,
    iterations: iterations.default(1)
  }),
  /** Members count by how far their updates go the way of that of one who is trusted; absent: of the founder. */
  z.strictObject({ name: z.literal('fltrust'), root: peerIdField.optional() })
])

const preparationSchema = z.discriminatedUnion('name', [
  /** Nearest-neighbour mixing. */
  z.strictObject({ name: z.literal('nnm'), byzantine }),
  z.strictObject({ name: z.literal('bucketing'), size: z.int().min(2).max(64).default(2) }),
  z.strictObject({ name: z.literal('clipping'), norm: positive }),
  /** Adaptive robust clipping. */
  z.strictObject({ name: z.literal('arc'), byzantine })
])

/** Faster than any federation that learns. */
const MAX_LEARNING_RATE = 1000
/** What is kept for a thousand rounds sums up to a thousand updates: still far within float32. */
const MAX_KEPT = 0.999
/** Updates are of lengths from thousandths to thousands. */
const MIN_TAU = 1e-9

const learningRate = positive.max(MAX_LEARNING_RATE)
const kept = z.number().min(0).max(MAX_KEPT)
const tau = z.number().min(MIN_TAU).max(1).default(1e-3)
/** Defaults as Flower has them. */
const betas = { beta1: kept.default(0.9), beta2: kept.default(0.99) }

const serverOptimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('sgd'), learningRate: learningRate.default(1) }),
  /** FedAvgM; DiLoCo's outer step with learning rate 0.7 and nesterov. */
  z.strictObject({
    name: z.literal('momentum'),
    learningRate: learningRate.default(1),
    momentum: kept.default(0.9),
    nesterov: z.boolean().default(false)
  }),
  z.strictObject({ name: z.literal('adagrad'), learningRate: learningRate.default(0.1), tau }),
  z.strictObject({ name: z.literal('adam'), learningRate: learningRate.default(0.1), ...betas, tau }),
  z.strictObject({ name: z.literal('yogi'), learningRate: learningRate.default(0.01), ...betas, tau })
])

export const aggregationSchema = z.strictObject({
  rule: ruleSchema.default({ name: 'mean' }),
  /** What is done to the updates before the rule gets them, in this order; all members count alike then. */
  before: z.array(preparationSchema).max(MAX_PREPARATIONS).optional(),
  /** How the result moves the model; what it remembers travels in the commits. */
  serverOptimizer: serverOptimizerSchema.default({ name: 'sgd', learningRate: 1 }),
  /** The most samples an update may claim; a larger claim counts as this many. */
  maxSamples: z.int().min(1).max(1_000_000_000).default(1_000_000),
  /** Updates with a larger L2 norm are refused. */
  maxNorm: positive.default(1e6)
})
