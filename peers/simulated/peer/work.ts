/** The work behind a commit body: judge updates, aggregate, make the body, check another's by making it again. */
import { aggregateInMemory, rootAmong } from '../../../src/aggregation/index.ts'
import { isLapse, makeBody, makeContributions, roundSeed } from '../../../src/rounds/index.ts'
import { addressOf } from './address.ts'
import type { EvidenceRecord, ProposalRecord, SimUpdate } from './records.ts'
import type { CommitBody, RefusalReason, Update } from '../../../src/federation/records.ts'
import type { CheckedUpdate, Height, LedgerTip, MembershipChange } from '../../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

/** A tip and the model it commits. */
export interface SimPosition {
  tip: LedgerTip
  weights: Float32Array
  height: Height
}

/** A body that was made here, with what it takes to propose and to keep it. */
export interface MadeBody {
  cid: CID
  address: string
  body: CommitBody
  weights: Float32Array
  updates: readonly SimUpdate[]
  evidence: readonly EvidenceRecord[]
}

export interface MakeInput {
  updates: readonly SimUpdate[]
  /** By payload address; has that of every update. */
  payloads: ReadonlyMap<string, Float32Array>
  change: MembershipChange
  /** The proofs of the change's offences. */
  evidence: readonly EvidenceRecord[]
  time: number
}

/** Why an update does not count, or null. */
export function judge(position: SimPosition, update: Update, delta: Float32Array): RefusalReason | null {
  const { tip, weights, height } = position
  if (!update.base.equals(tip.cid) || update.height !== height.height) return 'base'
  if (delta.length !== weights.length) return 'size'
  let squares = 0
  for (let i = 0; i < delta.length; i++) squares += delta[i] * delta[i]
  if (!Number.isFinite(squares)) return 'not-finite'
  return Math.sqrt(squares) > tip.manifest.aggregation.maxNorm ? 'norm' : null
}

/** The body that follows from these updates. */
export function make(position: SimPosition, input: MakeInput): MadeBody {
  const { tip, height } = position
  const updates: CheckedUpdate[] = input.updates.map((update) => {
    const { signed } = update
    const refused = judge(position, signed.value, deltaOf(input, update))
    return refused == null ? { signed } : { signed, refused }
  })
  const weights = aggregated(position, input, updates)
  const model = weights === position.weights ? tip.body.model : addressOf(weights)
  const { change, time, evidence } = input
  // Server SGD remembers nothing: the slow stage has an optimizer with a state.
  const body = makeBody({ tip, height, updates, change, time, model, optimizerState: null })
  const cid = addressOf(body)
  return { cid, address: cid.toString(), body, weights, updates: input.updates, evidence }
}

/** The body that follows from what a proposal says that its updates are worth, and from what others made of them. */
export function adopt(
  { tip, height }: SimPosition,
  { body, updates, evidence }: ProposalRecord,
  { weights, change }: { weights: Float32Array; change: MembershipChange }
): MadeBody {
  const said = new Map(body.contributions.map(({ update, refused }) => [update.toString(), refused]))
  const judged = updates.map(({ signed, address }) => ({ signed, refused: said.get(address) }))
  const { model, time } = body
  const made = makeBody({ tip, height, updates: judged, change, time, model, optimizerState: null })
  const cid = addressOf(made)
  return { cid, address: cid.toString(), body: made, weights, updates, evidence }
}

/** What a proposal's record alone shows to be wrong, or null. */
export function claimsFault(position: SimPosition, { body, updates }: ProposalRecord): string | null {
  const { tip, height } = position
  if (body.height !== height.height || !body.previous.equals(tip.cid)) return 'height'
  if (body.time < tip.body.time) return 'time'
  const accepted = body.contributions.filter((contribution) => contribution.refused == null).length
  const isTooFew = accepted < tip.manifest.rounds.minContributors && !isLapse(height, body)
  if (height.mode === 'train' && isTooFew) return 'too few'
  const changes = body.admissions.length + (body.evidence?.length ?? 0)
  if (height.mode === 'membership' && changes === 0) return 'nothing'
  const listed = new Set(body.contributions.map((contribution) => contribution.update.toString()))
  const authors = new Set(updates.map(({ signed }) => signed.author))
  const matching = updates.every((update) => listed.has(update.address))
  if (!matching || listed.size !== updates.length || authors.size !== updates.length) return 'updates'
  return updates.every(({ signed }) => height.cohort.includes(signed.author)) ? null : 'cohort'
}

function aggregated(
  { tip, weights }: SimPosition,
  input: MakeInput,
  updates: readonly CheckedUpdate[]
): Float32Array {
  const { aggregation } = tip.manifest
  const byAuthor = new Map(input.updates.map((update) => [update.signed.author, update]))
  const counted = makeContributions(updates, tip.manifest).filter(({ refused }) => refused == null)
  const deltas = counted.flatMap(({ author, weight }) => {
    const update = byAuthor.get(author)
    return update == null ? [] : [{ weight, author, delta: deltaOf(input, update) }]
  })
  if (counted.length === 0) return weights
  const moments = new Float32Array()
  const [seed, round] = [roundSeed(tip), tip.body.round + 1]
  const authors = deltas.map(({ author }) => author)
  const root = rootAmong(authors, tip.manifest)
  return aggregateInMemory({ aggregation, model: weights, moments, round, deltas, root, seed }).model
}

function deltaOf({ payloads }: MakeInput, { payload }: SimUpdate): Float32Array {
  const delta = payloads.get(payload)
  if (delta == null) throw new Error(`The payload ${payload} is not here`)
  return delta
}
