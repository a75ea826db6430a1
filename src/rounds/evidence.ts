/**
 * Evidence of equivocation: two signed votes of one member in one step for different values. Anybody can check it, and
 * no honest member can be in it: a vote is on disk before it is sent, so none is ever contradicted, whatever crashes. A
 * commit that carries it takes the member out of the next roster and bans it for `membership.banRounds` commits.
 */
import { compare as compareBytes } from 'uint8arrays/compare'
import { MAX_BANS, MAX_EVIDENCE, voteType } from '../federation/records.ts'
import { open, reopen, signerAgain } from '../federation/signed.ts'
import { compare } from './order.ts'
import type { CID } from 'multiformats/cid'
import type { LedgerTip, MembershipChange } from './body.ts'
import type { Ban, CommitBody, Evidence, Vote } from '../federation/records.ts'
import type { Signed } from '../federation/signed.ts'
import type { VoteKind } from './types.ts'

/**
 * For so many heights after it an offence can be carried: far more than it takes until an honest member proposes. A
 * member that left the roster meanwhile is not followed for ever.
 */
export const EVIDENCE_HEIGHTS = 64

/** What a vote says. */
export interface SaidVote {
  author: string
  height: number
  view: number
  kind: VoteKind
  body: string | null
}

/** What is proven: this member voted twice in that step. */
export interface Offence extends Omit<SaidVote, 'author' | 'body'> {
  offender: string
  /** The proof. */
  votes: Evidence
}

/** Two votes that prove nothing; the message says why. */
export class InvalidEvidenceError extends Error {
  static override name = 'InvalidEvidenceError'

  constructor(reason: string, options?: ErrorOptions) {
    super(`This is no evidence of equivocation: ${reason}`, options)
    this.name = 'InvalidEvidenceError'
  }
}

/** Why these two votes do not contradict each other, or null: they do. */
export function contradiction(a: SaidVote, b: SaidVote): string | null {
  if (a.author !== b.author) return 'the votes are of two members'
  if (a.height !== b.height) return 'the votes are of two heights'
  if (a.view !== b.view) return 'the votes are of two views'
  if (a.kind !== b.kind) return 'the votes are of two steps'
  return a.body === b.body ? 'both votes are for the same value' : null
}

/**
 * Open an untrusted proof.
 *
 * @throws {InvalidEvidenceError} a signature does not hold, or the votes do not contradict each other
 */
export async function openEvidence(federation: CID, votes: Evidence): Promise<Offence> {
  // One proof has one form, or a proposer could choose among many.
  if (compareBytes(votes[0], votes[1]) >= 0) throw new InvalidEvidenceError('its votes are not in order')
  const [a, b] = (await Promise.all(votes.map((vote) => openVote(federation, vote)))).map(saidBy)
  const fault = contradiction(a, b)
  if (fault != null) throw new InvalidEvidenceError(fault)
  const { author: offender, height, view, kind } = a
  return { offender, height, view, kind, votes }
}

/** What a proof of this peer's own ledger says, its signatures not checked again. */
export function reopenEvidence(votes: Evidence): Omit<Offence, 'votes'> {
  const { height, view, kind } = reopen(voteType, votes[0])
  return { offender: signerAgain(votes[0]), height, view, kind }
}

async function openVote(federation: CID, bytes: Uint8Array): Promise<Signed<Vote>> {
  const vote = await open(voteType, bytes).catch((cause: unknown) => {
    throw new InvalidEvidenceError((cause as Error).message, { cause })
  })
  if (!vote.value.federation.equals(federation))
    throw new InvalidEvidenceError('a vote is of another federation')
  return vote
}

function saidBy({ author, value: { height, view, kind, body } }: Signed<Vote>): SaidVote {
  return { author, height, view, kind, body: body?.toString() ?? null }
}

/**
 * Why the commit after `tip` cannot carry this offence, or null: it can. The offender must be in the roster that
 * decides; one that has left it meanwhile is banned when it comes back.
 */
export function offenceFault(tip: LedgerTip, offence: Pick<Offence, 'offender' | 'height'>): string | null {
  const { offender, height } = offence
  const next = tip.body.height + 1
  if (height > next) return `height ${height} is still to come`
  if (height <= next - EVIDENCE_HEIGHTS)
    return `height ${height} is more than ${EVIDENCE_HEIGHTS} heights ago`
  const ban = tip.body.bans?.find(({ peer }) => peer === offender)
  if (ban != null && height <= ban.since) return `${offender} is banned for it already`
  if (!tip.body.roster.some(({ peer }) => peer === offender)) return `${offender} is not in the roster`
  return null
}

/** Will no commit after this one carry an offence of that height: it was carried, or is too long ago? */
export function isOver(
  { height: at, bans }: Pick<CommitBody, 'height' | 'bans'>,
  offence: Pick<Offence, 'offender' | 'height'>
): boolean {
  const since = bans?.find(({ peer }) => peer === offence.offender)?.since ?? -1
  return offence.height <= Math.max(since, at + 1 - EVIDENCE_HEIGHTS)
}

/** Of all that is known, what the commit after `tip` carries: by offender, one of each, as much as there is room for. */
export function selectOffences(tip: LedgerTip, known: readonly Offence[]): Offence[] {
  const byOffender = new Map<string, Offence>()
  for (const offence of known) {
    const isFirst = !byOffender.has(offence.offender)
    if (isFirst && offenceFault(tip, offence) == null) byOffender.set(offence.offender, offence)
  }
  const sorted = [...byOffender.values()].sort((a, b) => compare(a.offender, b.offender))
  return sorted.slice(0, roomAfter(tip))
}

/** Somebody must stay in the roster, and the bans before it must stay as well. */
function roomAfter({ body }: LedgerTip): number {
  return Math.min(MAX_EVIDENCE, MAX_BANS - (body.bans?.length ?? 0), body.roster.length - 1)
}

/** The bans after the commit that follows `tip` and carries these offences, by peer. */
export function bansAfter({ body, manifest }: LedgerTip, offences: readonly Offence[] = []): Ban[] {
  const since = body.height + 1
  const until = since + manifest.membership.banRounds
  const banned = offences.map(({ offender: peer }) => ({ peer, since, until }))
  const offenders = new Set(offences.map(({ offender }) => offender))
  const before = (body.bans ?? []).filter((ban) => isKept(ban, since) && !offenders.has(ban.peer))
  return [...before, ...banned].sort((a, b) => compare(a.peer, b.peer))
}

/** An admin that recovers the federation with a banned member lifts its ban, but what it was for stays paid for. */
export function bansAfterRecovery(tip: LedgerTip, members: readonly string[]): Ban[] {
  const height = tip.body.height + 1
  return bansAfter(tip).map((ban) => (members.includes(ban.peer) ? { ...ban, until: height } : ban))
}

/** Also after it has ended a ban is kept for as long as what it was for could be brought up again. */
function isKept(ban: Ban, height: number): boolean {
  return isInForce(ban, height) || height < ban.since + EVIDENCE_HEIGHTS
}

/** Does this ban keep its member out of what the commit of `height` makes the roster? */
export function isInForce({ until }: Ban, height: number): boolean {
  return height < until
}

/** The ban for which the commit that follows this one may not admit the member, if there is one. */
export function banInForce(
  { height, bans = [] }: Pick<CommitBody, 'height' | 'bans'>,
  peer: string
): Ban | undefined {
  return bans.find((ban) => ban.peer === peer && isInForce(ban, height + 1))
}

/** May the commit that follows this one not admit the member? */
export function isBanned(body: Pick<CommitBody, 'height' | 'bans'>, peer: string): boolean {
  return banInForce(body, peer) != null
}

/** The change without admissions, and words, of members that are banned. */
export function admissible(tip: LedgerTip, change: MembershipChange): MembershipChange {
  if (tip.body.bans == null) return change
  const mayBeIn = (peer: string): boolean => !isBanned(tip.body, peer)
  return {
    ...change,
    admissions: change.admissions.filter((_, i) => mayBeIn(change.admitted[i])),
    admitted: change.admitted.filter(mayBeIn),
    ...(change.declared == null ? {} : { declared: change.declared.filter(({ member }) => mayBeIn(member)) })
  }
}
