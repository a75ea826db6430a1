/**
 * The manifest: everything a federation fixes at its founding. Its CID is the federation's id.
 *
 * People write it as YAML (`parseManifestYaml` fills the defaults); peers exchange it as DAG-CBOR, signed by the
 * founder. It is data, never code, and names nobody's data.
 */
import { z } from 'zod'
import { bytesField, cidField, peerIdField, realField, textField, timeField } from '../fields.ts'
import { aggregationSchema } from './aggregation.ts'
import { exchangeSchema } from './exchange.ts'
import { MAX_ROSTER } from '../records.ts'

/** The most parameters a model may have: 256 Mi fp32 values are 1 GiB. */
export const MAX_PARAMETERS = 256 * 1024 * 1024

/** Of fewer one that is gone, or lies, is too many. */
const MIN_COMMITTEE = 4

const positive = z.number().positive()
const fraction = z.number().min(0).max(1)
const seedField = z.int().min(0).max(0xffffffff)

const imageInput = z.strictObject({
  kind: z.literal('image'),
  height: z.int().min(1).max(4096),
  width: z.int().min(1).max(4096),
  /** 1 (grey) or 3 (RGB). */
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Applied per value after scaling bytes to 0..1: (x − mean) / std. */
  normalisation: z.strictObject({ mean: realField, std: positive }).default({ mean: 0, std: 1 })
})

const numberColumn = z.strictObject({
  name: textField(128).min(1),
  type: z.literal('number'),
  /** Given: applied as (x − mean) / std. Absent: each peer fits them on its own data. */
  mean: realField.optional(),
  std: positive.optional()
})

const categoryColumn = z.strictObject({
  name: textField(128).min(1),
  type: z.literal('category'),
  /** One-hot in this order; a value that is not listed is an error. */
  values: z.array(textField(128)).min(1).max(1024)
})

const tabularInput = z.strictObject({
  kind: z.literal('tabular'),
  columns: z
    .array(z.discriminatedUnion('type', [numberColumn, categoryColumn]))
    .min(1)
    .max(4096),
  /** The column to predict. */
  target: textField(128).min(1),
  /** Makes two classes of a numeric target: the second label when it is greater than this, else the first. */
  positiveAbove: realField.optional(),
  /** Names of the file's columns, in order, where the file has no heading line. */
  header: z.array(textField(128).min(1)).min(1).max(4096).optional(),
  /** Cells that mean "no value": filled with the mean (numbers) or all zeros (categories). */
  missing: z.array(textField(32)).max(16).default(['', '?', 'NA']),
  delimiter: z.string().length(1).default(',')
})

const textInput = z.strictObject({
  kind: z.literal('text'),
  /** Tokens per example: longer texts are cut, shorter ones padded with 0. */
  length: z.int().min(1).max(65536),
  tokens: z.discriminatedUnion('kind', [
    /** Token id = 1 + index in the alphabet; 0 pads and stands for other characters. */
    z.strictObject({ kind: z.literal('characters'), alphabet: textField(4096).min(1) }),
    /** Token id = 1 + hash(lower-cased word) mod (buckets − 1). */
    z.strictObject({ kind: z.literal('words'), buckets: z.int().min(2).max(1_000_000) })
  ])
})

const inputSchema = z.discriminatedUnion('kind', [imageInput, tabularInput, textInput])

const taskSchema = z.strictObject({
  kind: z.enum(['classification', 'regression']),
  input: inputSchema,
  /** Class names in the order of the model's outputs; empty for regression. */
  labels: z.array(textField(128)).max(10_000).default([]),
  /** Besides the loss. */
  metrics: z
    .array(z.enum(['accuracy', 'auc', 'mae']))
    .max(8)
    .default(['accuracy'])
})

const presetModel = z.discriminatedUnion('preset', [
  z.strictObject({ preset: z.literal('logistic') }),
  z.strictObject({
    preset: z.literal('mlp'),
    hidden: z.array(z.int().min(1).max(65_536)).min(1).max(16).default([200, 200])
  }),
  z.strictObject({
    preset: z.literal('cnn'),
    /** 5×5 convolution layers, each followed by 2×2 max pooling (McMahan et al. 2017). */
    filters: z.array(z.int().min(1).max(1024)).min(1).max(8).default([32, 64]),
    hidden: z.array(z.int().min(1).max(65_536)).max(16).default([512])
  })
])

/** A TF.js / Keras layers topology, as JSON text: checked against the layer allow-list when the model is built. */
const topologyModel = z.strictObject({ topology: z.string().max(1_000_000) })

const modelSchema = z.strictObject({
  architecture: z.union([presetModel, topologyModel]),
  /** Where training starts: weights drawn from a seed, or a model somebody already has. */
  initial: z
    .union([z.strictObject({ seed: seedField }), z.strictObject({ cid: cidField })])
    .default({ seed: 1 })
})

const adamSettings = {
  beta1: fraction.default(0.9),
  beta2: fraction.default(0.999),
  epsilon: positive.default(1e-7)
}

const localOptimizer = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('sgd') }),
  z.strictObject({ name: z.literal('momentum'), momentum: fraction.default(0.9) }),
  z.strictObject({ name: z.literal('adam'), ...adamSettings }),
  /** Adam whose weights shrink by learningRate · weightDecay a step. */
  z.strictObject({ name: z.literal('adamw'), ...adamSettings, weightDecay: fraction.default(0.01) })
])

/** Beyond this a step overshoots the model it is to stay near, at any learning rate that trains. */
const MAX_PULL = 1000

/** How members train, so that what they make of different data goes together. */
const clientSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('fedavg') }),
  /** Members are drawn back to the model they began with: mu / 2 · ‖w − w₀‖² is added to the loss. */
  z.strictObject({ name: z.literal('fedprox'), mu: positive.max(MAX_PULL).default(0.01) }),
  /** Those with more data take more steps, and count by their samples, not by their steps as well. */
  z.strictObject({ name: z.literal('fednova') }),
  /** Each corrects its gradients by how they differ from the others': all count alike. */
  z.strictObject({ name: z.literal('scaffold') }),
  /** Each is drawn to the model it began with, less what its updates have summed up to so far: all count alike. */
  z.strictObject({ name: z.literal('feddyn'), alpha: positive.max(MAX_PULL).default(0.01) }),
  /** Each sends a mean of its deltas of this round and those before, which count less the older they are: noise evens out. */
  z.strictObject({ name: z.literal('workerMomentum'), beta: z.number().positive().max(0.999).default(0.9) })
])

const trainingSchema = z.strictObject({
  /** How much each peer trains in a round. */
  work: z
    .union([
      z.strictObject({ epochs: z.int().min(1).max(1000) }),
      z.strictObject({ steps: z.int().min(1).max(1_000_000) })
    ])
    .default({ epochs: 1 }),
  batchSize: z.int().min(1).max(65_536).default(32),
  optimizer: localOptimizer.default({ name: 'sgd' }),
  learningRate: positive.default(0.05),
  /** Multiplies the learning rate once a round: lr · decay^round. */
  learningRateDecay: z.number().positive().max(1).default(1),
  loss: z
    .enum(['categoricalCrossentropy', 'binaryCrossentropy', 'meanSquaredError'])
    .default('categoricalCrossentropy'),
  client: clientSchema.default({ name: 'fedavg' }),
  /** Layers whose values stay with each member and are never sent (FedBN). */
  local: z.literal('batchNormalization').optional(),
  /** The share of its own data that each peer keeps aside to evaluate on (by the manifest's seed), if it names no test set. */
  holdout: z.number().min(0).max(0.9).default(0.1)
})

const roundsSchema = z.strictObject({
  /** Training starts when the roster has this many members, those that only observe included. */
  startMembers: z.int().min(1).max(10_000).default(2),
  /** A round needs this many accepted updates. */
  minContributors: z.int().min(1).max(10_000).default(2),
  /** The share of the roster that trains in a round. */
  cohort: z.number().positive().max(1).default(1),
  /**
   * In a larger roster so many members at a time fetch the updates and work out the result; the others take it from them.
   * Absent: all do.
   */
  committee: z.int().min(MIN_COMMITTEE).max(MAX_ROSTER).optional(),
  /** Collecting updates ends after median + factor·MAD of recent rounds, within floor and ceiling. */
  deadline: z
    .strictObject({
      floorMs: z.int().min(10).max(86_400_000).default(500),
      ceilingMs: z.int().min(10).max(86_400_000).default(600_000),
      factor: z.number().min(0).max(100).default(6)
    })
    .default({ floorMs: 500, ceilingMs: 600_000, factor: 6 }),
  /** A member leaves the roster after missing this many of its rounds in a row. */
  maxMissed: z.int().min(1).max(1000).default(3),
  stop: z
    .strictObject({
      rounds: z.int().min(1).max(1_000_000),
      /** Stop early when this metric of the global model is reached. */
      target: z
        .strictObject({ metric: z.enum(['accuracy', 'auc', 'loss', 'mae']), value: realField })
        .optional()
    })
    .default({ rounds: 100 })
})

const membershipSchema = z.strictObject({
  /** May invite, revoke and recover. The founder is always one. */
  admins: z.array(peerIdField).max(64).default([]),
  /** Who may make invites. */
  invites: z.enum(['admins', 'members']).default('admins'),
  /** Quorum: more than 1/2 (`crash`) or more than 2/3 (`byzantine`) of the roster. */
  faultModel: z.enum(['crash', 'byzantine']).default('crash'),
  /** A member that is proven to have voted twice in one step is out for so many commits. */
  banRounds: z.int().min(1).max(1_000_000).default(100)
})

/** What a person writes (YAML); everything with a default may be left out. */
export const manifestDraftSchema = z.strictObject({
  name: textField(128).min(1),
  description: textField(4096).default(''),
  /** Of the resulting model, an SPDX expression. */
  licence: textField(128).default('Apache-2.0'),
  contact: textField(256).default(''),
  task: taskSchema,
  model: modelSchema,
  training: trainingSchema.prefault({}),
  aggregation: aggregationSchema.prefault({}),
  exchange: exchangeSchema.prefault({}),
  rounds: roundsSchema.prefault({}),
  privacy: z.strictObject({ kind: z.literal('none') }).default({ kind: 'none' }),
  membership: membershipSchema.prefault({})
})

/** What is signed and hashed: the draft with all defaults filled, and who founded it when. */
export const manifestSchema = manifestDraftSchema.extend({
  version: z.literal(1),
  founder: peerIdField,
  createdAt: timeField,
  /** Makes the id of two federations with equal manifests differ. 16 bytes. */
  nonce: bytesField(16)
})

export type ManifestDraft = z.input<typeof manifestDraftSchema>
export type Manifest = z.output<typeof manifestSchema>
export type InputSpec = Manifest['task']['input']
export type ImageInput = z.output<typeof imageInput>
export type TabularInput = z.output<typeof tabularInput>
export type TextInput = z.output<typeof textInput>
export type TaskSpec = Manifest['task']
export type ModelSpec = Manifest['model']
export type TrainingSpec = Manifest['training']
export type CodecSpec = Exclude<Manifest['exchange']['codec'], { name: 'auto' }>
export type AggregationSpec = Manifest['aggregation']
export type RuleSpec = AggregationSpec['rule']
export type ServerOptimizerSpec = AggregationSpec['serverOptimizer']
export type PreparationSpec = NonNullable<AggregationSpec['before']>[number]
