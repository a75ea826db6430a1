/**
 * A plan: what is simulated. What it shares with a federation's manifest (task, model, training, aggregation, exchange) has
 * the manifest's own schema; the rest says who takes part, on which data, how often.
 */
import { z } from 'zod'
import { attackSchema } from '../../../src/attacks/index.ts'
import { partitionSchema } from '../../../src/data/partitioner.ts'
import { textField } from '../../../src/federation/fields.ts'
import { manifestDraftSchema } from '../../../src/federation/manifest/index.ts'

/** Clients that one machine simulates. */
const MAX_CLIENTS = 10_000
const MAX_ROUNDS = 100_000
const MAX_SEEDS = 100
const MAX_AXES = 4
const MAX_VARIANTS_AN_AXIS = 64

const { task, model, training, aggregation, exchange } = manifestDraftSchema.shape

/** A path, relative to the plan unless it is absolute; `demo:<seed>` generates drawn digits. */
const path = textField(4096).min(1)

/** One data set that is divided among the clients. */
const dividedData = z.strictObject({
  path,
  /** Held-out data; without it the share `training.holdout` is kept aside. */
  testPath: path.optional(),
  partition: partitionSchema.default({ name: 'iid' })
})

/** Data that is divided by its nature: a file, or some rows of one, for each client. */
const naturalData = z.strictObject({
  clients: z
    .array(
      z.strictObject({
        name: textField(64).min(1),
        path,
        /** Only rows whose columns have these values. */
        where: z.record(textField(128), textField(128)).optional()
      })
    )
    .min(1)
    .max(MAX_CLIENTS),
  /** One client has all of it: what a federation is compared with. */
  pooled: z.boolean().default(false),
  /** These clients alone train, by name; all are evaluated on. */
  only: z.array(textField(64)).min(1).optional()
})

/** One simulation, as it is run. */
export const planSchema = z.strictObject({
  name: textField(128).min(1),
  description: textField(4096).default(''),
  task,
  model: model.pick({ architecture: true }),
  training,
  aggregation,
  exchange,
  data: z.union([dividedData, naturalData]),
  /** All of them, those that lie included. Absent where the data says it. */
  clients: z.int().min(1).max(MAX_CLIENTS).optional(),
  /** The share of the clients that trains in a round. */
  cohort: z.number().positive().max(1).default(1),
  /** The last so many clients have no data of their own and lie. */
  byzantine: z.strictObject({ count: z.int().min(1).max(MAX_CLIENTS), attack: attackSchema }).optional(),
  /** The client that the rule `fltrust` trusts, counted from 0. Absent: 0. It is an honest one. */
  root: z
    .int()
    .min(0)
    .max(MAX_CLIENTS - 1)
    .optional(),
  rounds: z.int().min(1).max(MAX_ROUNDS),
  /** What is waited for: the first round at which this metric has this value. */
  target: z
    .strictObject({
      metric: z.enum(['accuracy', 'auc', 'loss', 'mae']),
      value: z.number(),
      /** Whether a run ends there. */
      stop: z.boolean().default(true)
    })
    .optional(),
  /** Rounds from one evaluation to the next; the last round is always evaluated. */
  evaluateEvery: z.int().min(1).max(MAX_ROUNDS).default(1),
  /** Each is one run: first weights, division, cohorts and the order of examples follow from it. */
  seeds: z.array(z.int().min(0).max(0xffffffff)).min(1).max(MAX_SEEDS).default([1])
})

/** Ways to vary a plan: one name of each map at a time, what it says laid over the plan. */
export const gridSchema = z
  .array(
    z
      .record(textField(64).min(1), z.record(textField(64), z.unknown()))
      .refine(
        (axis) => Object.keys(axis).length <= MAX_VARIANTS_AN_AXIS,
        `at most ${MAX_VARIANTS_AN_AXIS} variants`
      )
  )
  .max(MAX_AXES)
  .default([])

export type Plan = z.output<typeof planSchema>
