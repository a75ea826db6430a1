/** One run's files: its state while it is under way, its results once it is done. */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { z } from 'zod'
import { metricsField } from '../../../src/federation/records.ts'
import { rowSchema, rowsToCsv } from '../run/rows.ts'
import { stemOf } from '../plan/grid.ts'
import { DamagedResultsError, OtherResultsError } from './errors.ts'
import { readIfThere, writeWhole } from './files.ts'
import type { Plan } from '../plan/schema.ts'
import type { RunState } from '../run/run.ts'

/** Changes with what the files hold. */
const FORMAT = 1

const stateSchema = z.strictObject({
  fingerprint: z.string(),
  rows: z.array(rowSchema),
  weights: z.instanceof(Float32Array),
  moments: z.instanceof(Float32Array),
  residuals: z.map(z.int(), z.instanceof(Float32Array)),
  /** Absent in what earlier versions left. */
  controls: z.map(z.int(), z.instanceof(Float32Array)).default(() => new Map()),
  locals: z.map(z.int(), z.instanceof(Float32Array)).default(() => new Map()),
  momenta: z.map(z.int(), z.instanceof(Float32Array)).default(() => new Map())
})

const resultSchema = z.strictObject({
  fingerprint: z.string(),
  variant: z.string(),
  seed: z.int(),
  /** What made them; for people. */
  made: z.record(z.string(), z.union([z.string(), z.number()])),
  /** As it was run: all defaults filled in. */
  plan: z.unknown(),
  parameters: z.int(),
  /** Examples of each honest client. */
  sizes: z.array(z.int()),
  rows: z.array(rowSchema),
  roundsToTarget: z.int().nullable(),
  byClient: z.array(z.strictObject({ name: z.string(), metrics: metricsField }))
})

/** What is kept of a run that is done. */
export type StoredResult = z.output<typeof resultSchema>

/** Of one variant and seed. */
export class RunStore {
  readonly #base: string
  readonly #fingerprint: string

  /** @param variant - its name */
  constructor(folder: string, { variant, plan, seed }: { variant: string; plan: Plan; seed: number }) {
    this.#base = join(folder, 'runs', `${stemOf(variant)}-seed-${seed}`)
    // What a person says about a plan changes no result; which seeds it has, only which runs there are.
    const { description: _about, seeds: _seeds, ...settings } = plan
    this.#fingerprint = createHash('sha256')
      .update(JSON.stringify([FORMAT, settings, seed]))
      .digest('hex')
  }

  /** Results, if the run is done. */
  async result(): Promise<StoredResult | null> {
    const file = `${this.#base}.json`
    const bytes = await readIfThere(file)
    if (bytes == null) return null
    return this.#checked(file, resultSchema, () => JSON.parse(bytes.toString('utf8')) as unknown)
  }

  /** Where the run was left, if it was. */
  async state(): Promise<RunState | null> {
    const file = `${this.#base}.state`
    const bytes = await readIfThere(file)
    if (bytes == null) return null
    const { fingerprint: _own, ...state } = this.#checked(
      file,
      stateSchema,
      () => deserialize(bytes) as unknown
    )
    return state
  }

  async putState({ weights, ...state }: RunState): Promise<void> {
    // Memory that threads share cannot be written as it is.
    const whole = { fingerprint: this.#fingerprint, ...state, weights: Float32Array.from(weights) }
    await writeWhole(`${this.#base}.state`, serialize(whole))
  }

  /** The results, as JSON and as CSV; the state is of no more use. */
  async putResult(result: Omit<StoredResult, 'fingerprint'>): Promise<StoredResult> {
    const stored = { fingerprint: this.#fingerprint, ...result }
    await writeWhole(`${this.#base}.csv`, rowsToCsv(result.rows))
    await writeWhole(`${this.#base}.json`, `${JSON.stringify(stored, null, 1)}\n`)
    await rm(`${this.#base}.state`, { force: true })
    return stored
  }

  #checked<T extends { fingerprint: string }>(file: string, schema: z.ZodType<T>, read: () => unknown): T {
    let value: T
    try {
      value = schema.parse(read())
    } catch (cause) {
      throw new DamagedResultsError(file, (cause as Error).message.split('\n', 1)[0], { cause })
    }
    if (value.fingerprint !== this.#fingerprint) throw new OtherResultsError(file)
    return value
  }
}
