/**
 * The commit body: what a round's result says. Proposer and voters make it by the same function from the same inputs,
 * so a vote for a body means "I computed exactly this".
 */
import { rootOf, updateShares } from '../aggregation/index.ts'
import { MAX_ROSTER } from '../federation/records.ts'
import { bansAfter, bansAfterRecovery, isInForce } from './evidence.ts'
import { averageMetrics } from './evaluation.ts'
import { compare } from './order.ts'
import { proposerOrder, quorumSize, sampleCohort } from './quorum.ts'
import type { CID } from 'multiformats/cid'
import type { Manifest } from '../federation/manifest/schema.ts'
import type {
  Ban,
  CommitBody,
  Contribution,
  Metrics,
  RefusalReason,
  RosterEntry,
  Update
} from '../federation/records.ts'
import type { Recovery } from '../federation/recovery.ts'
import type { Signed } from '../federation/signed.ts'
import type { Offence } from './evidence.ts'
import type { ControlScope } from './controls.ts'
import type { Height } from './types.ts'

/** A member that observes is silent for so many times `maxMissed` rounds before it leaves: it speaks in half of them. */
const OBSERVER_PATIENCE = 4

/** The federation and where its ledger stands. */
export interface LedgerTip {
  federation: CID
  manifest: Manifest
  /** The latest commit. */
  cid: CID
  body: CommitBody
  /** Whose controls the common one is made of; absent where members keep none, or none have trained. */
  controls?: ControlScope
}

/** An update whose payload was looked at: `refused` tells why it does not count. */
export interface CheckedUpdate {
  signed: Signed<Update>
  refused?: RefusalReason
}

/** Who comes and goes with a commit; what to include is the proposer's choice, whether it may is every voter's check. */
export interface MembershipChange {
  /** Certificate envelopes, and the members they admit. */
  admissions: Uint8Array[]
  admitted: string[]
  revocations: Uint8Array[]
  /** Members whose membership ends. */
  removed: string[]
  /** Members that say whether they train; absent: none. */
  declared?: readonly Declaration[]
  /** What is proven against whom, as `selectOffences` gives it; absent: nothing. */
  offences?: readonly Offence[]
}

/** A member's word on whether it trains, and the signed envelope that says so. */
export interface Declaration {
  member: string
  trains: boolean
  envelope: Uint8Array
}

export interface BodyInput {
  tip: LedgerTip
  /** Of the height that the body commits. */
  height: Height
  updates: readonly CheckedUpdate[]
  change: MembershipChange
  /** The proposer's clock. */
  time: number
  model: CID
  optimizerState: CID | null
}

/**
 * The tip of an empty ledger: height 0 is the founding, its "commit" is the manifest.
 *
 * @param model - root of the initial weights' DAG
 */
export function genesisTip(federation: CID, manifest: Manifest, model: CID): LedgerTip {
  const body: CommitBody = {
    federation,
    height: 0,
    round: 0,
    previous: federation,
    time: manifest.createdAt,
    model,
    optimizerState: null,
    contributions: [],
    evaluation: {},
    epsilon: null,
    roster: [{ peer: manifest.founder, missed: 0 }],
    admissions: [],
    revocations: []
  }
  return { federation, manifest, cid: federation, body }
}

/** What all members that go on from a commit know alike, and nobody knew before: its hash, of which they draw. */
export function roundSeed({ cid }: Pick<LedgerTip, 'cid'>): Uint8Array {
  return cid.multihash.digest
}

/** What follows from a commit for the height it opens. */
export function nextHeight(tip: LedgerTip): Height {
  const { rounds } = tip.manifest
  const { roster } = tip.body
  const trainers = roster.filter((entry) => entry.observes !== true)
  const seed = roundSeed(tip)
  const isStarted = tip.body.round > 0 || roster.length >= rounds.startMembers
  const train = !isFinished(tip) && isStarted && trainers.length >= rounds.minContributors
  return {
    height: tip.body.height + 1,
    round: tip.body.round + (train ? 1 : 0),
    previous: tip.cid.toString(),
    roster: roster.map((entry) => entry.peer),
    proposers: proposerOrder(roster, seed),
    present: roster.filter((entry) => isPresent(entry, tip.manifest)).map((entry) => entry.peer),
    cohort: train ? sampleCohort(trainers, rounds, seed) : [],
    ...(train ? committeeOf(rounds, roster.length) : {}),
    mode: train ? 'train' : 'membership'
  }
}

/** A committee of all is none. */
function committeeOf({ committee }: Manifest['rounds'], members: number): Pick<Height, 'committee'> {
  return committee != null && committee < members ? { committee } : {}
}

/** True when the manifest's last round is done or its target metric is reached. */
export function isFinished(tip: LedgerTip): boolean {
  const { stop } = tip.manifest.rounds
  if (tip.body.round >= stop.rounds) return true
  const value = stop.target == null ? undefined : tip.body.evaluation[stop.target.metric]
  if (stop.target == null || value === undefined) return false
  const lowerIsBetter = stop.target.metric === 'loss' || stop.target.metric === 'mae'
  return lowerIsBetter ? value <= stop.target.value : value >= stop.target.value
}

/** Make the body. Inputs may come in any order; the result is canonical. */
export function makeBody(input: BodyInput): CommitBody {
  const { tip, height } = input
  const contributions = makeContributions(input.updates, tip.manifest)
  const counts = height.mode === 'train' && !isLapse(height, { contributions })
  const bans = bansAfter(tip, input.change.offences)
  return {
    federation: tip.federation,
    height: height.height,
    round: counts ? height.round : tip.body.round,
    previous: tip.cid,
    time: Math.max(input.time, tip.body.time),
    model: input.model,
    optimizerState: input.optimizerState,
    contributions,
    evaluation: counts ? evaluate(input) : tip.body.evaluation,
    epsilon: tip.body.epsilon,
    roster: withoutBanned(nextRoster(tip, height, contributions, input.change), bans, height),
    admissions: input.change.admissions,
    revocations: input.change.revocations,
    ...participationOf(input.change),
    ...evidenceOf(input.change),
    ...(bans.length === 0 ? {} : { bans })
  }
}

/**
 * Does this body give its round up, as too few updates came? Then it counts none, says who delivered, and leaves the
 * model as it is; the round is done again.
 */
export function isLapse({ mode }: Height, { contributions }: Pick<CommitBody, 'contributions'>): boolean {
  return mode === 'train' && contributions.every(({ refused }) => refused != null)
}

/** The member whom the rule trusts, where the latest commit counts updates without its, and nothing is learnt; else null. */
export function lackedRoot({ manifest, body }: Pick<LedgerTip, 'manifest' | 'body'>): string | null {
  const counted = body.contributions.filter(({ refused }) => refused == null)
  const root = rootOf(manifest)
  return counted.length === 0 || counted.some(({ author }) => author === root) ? null : root
}

/**
 * The shares of the accepted updates, by author id: the order of the arithmetic. None counts when there are too few.
 *
 * @param updates - at most one an author, in any order
 */
export function makeContributions(updates: readonly CheckedUpdate[], manifest: Manifest): Contribution[] {
  const sorted = enough(updates, manifest).sort((a, b) => compare(a.signed.author, b.signed.author))
  const accepted = sorted.filter((update) => update.refused == null)
  const { maxSamples } = manifest.aggregation
  const samples = accepted.map((update) => update.signed.value.samples)
  const weights = updateShares(samples, manifest)
  const shares = new Map(accepted.map((update, i) => [update, weights[i]]))
  return sorted.map((update) => ({
    author: update.signed.author,
    update: update.signed.cid,
    weight: shares.get(update) ?? 0,
    samples: Math.min(update.signed.value.samples, maxSamples),
    ...(update.refused == null ? {} : { refused: update.refused })
  }))
}

function enough(updates: readonly CheckedUpdate[], { rounds }: Manifest): CheckedUpdate[] {
  const accepted = updates.filter(({ refused }) => refused == null).length
  if (accepted >= rounds.minContributors) return [...updates]
  return updates.map(({ signed, refused = 'too-few' }) => ({ signed, refused }))
}

/**
 * The body of the commit by which a recovery opens a branch. All of it follows from the tip and the record: nobody but
 * the admin has a say in it, and the admin in nothing but the roster.
 */
export function recoveryBody(tip: LedgerTip, { value, bytes }: Signed<Recovery>): CommitBody {
  const { participation: _said, recovery: _before, evidence: _proof, bans: _bans, ...carried } = tip.body
  const bans = bansAfterRecovery(tip, value.members)
  const before = new Map(tip.body.roster.map((entry) => [entry.peer, entry]))
  return {
    ...carried,
    height: tip.body.height + 1,
    previous: tip.cid,
    time: Math.max(value.time, tip.body.time),
    contributions: [],
    roster: value.members.map((peer) => ({ ...before.get(peer), peer, missed: 0 })),
    admissions: [],
    revocations: [],
    ...(bans.length === 0 ? {} : { bans }),
    recovery: bytes
  }
}

function evaluate({ updates, tip }: BodyInput): Metrics {
  const accepted = updates.filter((update) => update.refused == null)
  return averageMetrics(
    accepted.map((update) => update.signed),
    tip.manifest.aggregation.maxSamples
  )
}

function participationOf({ declared = [] }: MembershipChange): Pick<CommitBody, 'participation'> {
  return declared.length === 0 ? {} : { participation: declared.map(({ envelope }) => envelope) }
}

function evidenceOf({ offences = [] }: MembershipChange): Pick<CommitBody, 'evidence'> {
  return offences.length === 0 ? {} : { evidence: offences.map(({ votes }) => votes) }
}

function withoutBanned(roster: RosterEntry[], bans: readonly Ban[], { height }: Height): RosterEntry[] {
  const banned = new Set(bans.filter((ban) => isInForce(ban, height)).map(({ peer }) => peer))
  return roster.filter(({ peer }) => !banned.has(peer))
}

/**
 * Rounds after which a member that observes leaves the roster unless a commit has carried its word again: votes are no
 * part of a commit's id, so nothing else that all peers see alike tells that it is still there.
 */
export function observerRounds({ rounds }: Manifest): number {
  return OBSERVER_PATIENCE * rounds.maxMissed
}

/**
 * Absences counted, long absent members dropped, revoked ones removed, admitted ones added while there is room (who
 * finds none may ask again), and what members say of themselves taken down.
 */
function nextRoster(
  tip: LedgerTip,
  height: Height,
  contributions: readonly Contribution[],
  change: MembershipChange
): RosterEntry[] {
  const missed = absences(height, contributions)
  const counted = tip.body.roster.map((entry) => ({ ...entry, missed: missed(entry) }))
  const roster = new Map(withoutAbsent(counted, tip.manifest).map((entry) => [entry.peer, entry]))
  for (const peer of change.removed) roster.delete(peer)
  const removed = new Set(change.removed)
  for (const peer of [...change.admitted].sort(compare)) {
    if (removed.has(peer) || (!roster.has(peer) && roster.size >= MAX_ROSTER)) continue
    roster.set(peer, { ...roster.get(peer), peer, missed: 0 })
  }
  for (const { member, trains } of change.declared ?? []) {
    if (roster.has(member))
      roster.set(member, { peer: member, missed: 0, ...(trains ? {} : { observes: true }) })
  }
  return [...roster.values()].sort((a, b) => compare(a.peer, b.peer))
}

/** How often a member has been missed, this height counted. */
function absences(height: Height, contributions: readonly Contribution[]): (entry: RosterEntry) => number {
  const delivered = new Set(contributions.map((contribution) => contribution.author))
  const cohort = new Set(height.cohort)
  return ({ peer, missed, observes }) => {
    if (observes === true) return height.mode === 'train' ? missed + 1 : missed
    if (!cohort.has(peer)) return missed
    return delivered.has(peer) ? 0 : missed + 1
  }
}

/**
 * Long absent members go only when those that were heard of lately are a quorum of who remains. Else the one that goes
 * may be a slow but living voter, and the dead that stay behind would keep the rest without a quorum for ever.
 */
function withoutAbsent(roster: readonly RosterEntry[], manifest: Manifest): readonly RosterEntry[] {
  const remaining = roster.filter((entry) => !isLongAbsent(entry, manifest))
  const present = remaining.filter((entry) => isPresent(entry, manifest)).length
  const needed = quorumSize(remaining.length, manifest.membership.faultModel)
  return present >= needed ? remaining : roster
}

function isLongAbsent({ missed, observes }: RosterEntry, manifest: Manifest): boolean {
  return missed >= (observes === true ? observerRounds(manifest) : manifest.rounds.maxMissed)
}

/** One that observes is not due to speak before half of its rounds are over. */
function isPresent({ missed, observes }: RosterEntry, manifest: Manifest): boolean {
  return observes === true ? missed < observerRounds(manifest) / 2 : missed === 0
}
