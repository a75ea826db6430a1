/** One run: a variant of a plan with one seed, from the first round or from where it was left. */
import {
  controlStep,
  deltaFactors,
  shortageOf,
  updateShares,
  vectorsBeside
} from '../../../src/aggregation/index.ts'
import { initialWeights } from '../../../src/model/initial.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { planFor } from '../../../src/model/task.ts'
import { untrainedValues } from '../../../src/model/untrained.ts'
import { divide } from '../data/load.ts'
import { clientsOf, manifestOf } from '../plan/parse.ts'
import { cohortOf, roundSeedOf } from './clients.ts'
import { combine } from './combine.ts'
import { controlsOf, keepControls } from './controls.ts'
import { evaluateAll, evaluateByClient } from './measure.ts'
import { keepOwn, STRETCH, updatesOf } from './updates.ts'
import type { Claim } from '../../../src/aggregation/index.ts'
import type { CheckedDraft } from '../../../src/federation/manifest/index.ts'
import type { Metrics } from '../../../src/federation/records.ts'
import type { ClientData, LoadedData } from '../data/load.ts'
import type { Plan } from '../plan/schema.ts'
import type { Pool } from '../worker/pool.ts'
import type { RoundRow } from './rows.ts'
import type { OwnVectors, RoundInput, SentUpdate } from './updates.ts'

/** Where a run is: all that its next round depends on. */
export interface RunState extends OwnVectors {
  rows: RoundRow[]
  weights: Float32Array
  /** What the server optimizer remembers. */
  moments: Float32Array
  /** Clients' own controls, by algorithms that keep them. */
  controls: Map<number, Float32Array>
}

export interface RunInput {
  plan: Plan
  seed: number
  data: LoadedData
  pool: Pool
  /** The model that the threads see. */
  weights: Float32Array<SharedArrayBuffer>
  /** Go on from here. */
  state: RunState | null
  signal: AbortSignal
  /** Milliseconds, from any origin. */
  now(): number
  /** Called after each round; the run goes on when it resolves. */
  onRound(row: RoundRow, state: RunState): Promise<void>
}

/** What a run came to. */
export interface RunResult {
  rows: RoundRow[]
  /** Examples of each honest client. */
  sizes: number[]
  /** Metrics of the last model on the held-out data of each client, where the data is divided by its nature. */
  byClient: { name: string; metrics: Metrics }[]
}

/** Do all rounds that are left. Rejects with the signal's reason between two rounds. */
export async function runSeed(input: RunInput): Promise<RunResult> {
  const { plan, seed, data, signal } = input
  const manifest = manifestOf(plan, seed)
  const clients = divide(plan, data, seed)
  const state = input.state ?? startOf(manifest)
  input.weights.set(state.weights)
  while (!isFinished(plan, state.rows)) {
    signal.throwIfAborted()
    const row = await doRound(input, { manifest, clients, state })
    state.rows.push(row)
    state.weights = input.weights
    await input.onRound(row, state)
  }
  const sizes = clients.map(({ indices }) => indices.length)
  return { rows: state.rows, sizes, byClient: await evaluateByClient(input, { clients, state }) }
}

/** The first round at which the target is reached, or null. */
export function roundsToTarget({ target }: Plan, rows: readonly RoundRow[]): number | null {
  if (target == null) return null
  const { metric, value } = target
  const isLowerBetter = metric === 'loss' || metric === 'mae'
  const reached = rows.find(({ metrics }) => {
    const found = metrics?.[metric]
    return found != null && (isLowerBetter ? found <= value : found >= value)
  })
  return reached?.round ?? null
}

function startOf(manifest: CheckedDraft): RunState {
  const { model } = manifest
  const layout = layoutOf(planFor(manifest))
  return {
    rows: [],
    weights: initialWeights(layout, 'seed' in model.initial ? model.initial.seed : 0),
    moments: new Float32Array(vectorsBeside(manifest).moments * layout.size),
    residuals: new Map(),
    controls: new Map(),
    locals: new Map(),
    momenta: new Map()
  }
}

/** What all rounds of a run have in common. */
interface Course {
  manifest: CheckedDraft
  clients: readonly ClientData[]
  state: RunState
}

/** Train, judge, aggregate, evaluate: the model that the threads share is the next one afterwards. */
async function doRound(input: RunInput, { manifest, clients, state }: Course): Promise<RoundRow> {
  const { plan, pool, weights, now } = input
  const startedAt = now()
  const round = state.rows.length + 1
  const roundSeed = roundSeedOf(input.seed, round)
  const cohort = cohortOf(clientsOf(plan), manifest.rounds, roundSeed)
  const work: RoundInput = {
    ...{ manifest, clients, cohort, roundSeed, pool, own: state },
    attack: plan.byzantine?.attack ?? null,
    parameters: weights.length,
    controlOf: controlsOf(manifest, state, weights.length),
    // As peers count: a round that is given up is done again.
    round: 1 + state.rows.filter(({ lapsed }) => !lapsed).length
  }
  const updates = await updatesOf(work)
  const outcome = await move(input, { work, updates, state })
  const evaluatedAt = now()
  const metrics = isEvaluated(plan, round) ? await evaluateAll(input, { clients, state }) : null
  return {
    ...{ round, metrics, ...outcome },
    uploadedBytes: updates.reduce((sum, { bytes }) => sum + bytes, 0),
    downloadedBytes: cohort.length * weights.byteLength,
    silent: cohort.length - updates.length,
    seconds: (evaluatedAt - startedAt) / 1000,
    evaluationSeconds: (now() - evaluatedAt) / 1000
  }
}

interface Step {
  work: RoundInput
  updates: readonly SentUpdate[]
  state: RunState
}

/** The model moves by the updates that are accepted, where these are enough for the rule. */
async function move(
  { plan, weights, signal }: RunInput,
  { work, updates, state }: Step
): Promise<Pick<RoundRow, 'accepted' | 'refused' | 'lapsed'>> {
  const { aggregation } = work.manifest
  const accepted = updates.filter(({ refused }) => refused == null)
  const lapsed = accepted.length === 0 || shortageOf(aggregation, accepted.length) != null
  if (!lapsed) {
    const { round, roundSeed: seed } = work
    const before = { model: weights, moments: state.moments, untrained: untrainedValues(work.manifest) }
    const claims = claimsOf(accepted, work.manifest)
    const { training } = work.manifest
    const controls = controlStep({ training, round, claims, members: clientsOf(plan), kept: 1 })
    const input = { aggregation, ...before, round, controls, seed, stretch: STRETCH }
    const factors = deltaFactors(claims, training)
    const deltas = accepted.map(({ read }, i) => ({ weight: factors[i], read }))
    const root = accepted.findIndex(({ client }) => client === (plan.root ?? 0))
    const next = await combine(work, { ...input, deltas, root: root === -1 ? null : root }, signal)
    await keepControls(work, state, updates)
    weights.set(next.model)
    state.moments = next.moments
    keepOwn(state, updates)
  }
  return { accepted: accepted.length, refused: updates.length - accepted.length, lapsed }
}

function claimsOf(updates: readonly SentUpdate[], manifest: RoundInput['manifest']): Claim[] {
  const { maxSamples } = manifest.aggregation
  const samples = updates.map((update) => Math.min(update.samples, maxSamples))
  const shares = updateShares(samples, manifest)
  return samples.map((count, i) => ({ weight: shares[i], samples: count }))
}

function isFinished(plan: Plan, rows: readonly RoundRow[]): boolean {
  return rows.length >= plan.rounds || (plan.target?.stop === true && roundsToTarget(plan, rows) != null)
}

function isEvaluated({ evaluateEvery, rounds }: Plan, round: number): boolean {
  return round % evaluateEvery === 0 || round === rounds
}
