/** Commits as people and programs read them. */
import { decode } from '../../../src/federation/cbor.ts'
import { certificateType } from '../../../src/federation/certificate.ts'
import { commitType } from '../../../src/federation/records.ts'
import { recoveryType } from '../../../src/federation/recovery.ts'
import { revocationType } from '../../../src/federation/revocation.ts'
import { reopen } from '../../../src/federation/signed.ts'
import { reopenEvidence } from '../../../src/rounds/index.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { LedgerEntry } from '../../../src/state/index.ts'
import type { CommitSummary, ProvenOffence } from '../types.ts'

/** What a commit of this peer's own ledger says. */
export function summaryOf({ cid, bytes }: Pick<LedgerEntry, 'cid' | 'bytes'>): CommitSummary {
  const { body, votes } = decode(commitType, bytes)
  return {
    height: body.height,
    round: body.round,
    cid: cid.toString(),
    time: body.time,
    model: body.model.toString(),
    evaluation: body.evaluation,
    contributions: body.contributions,
    roster: body.roster.map((entry) => entry.peer),
    admitted: body.admissions.map(admittedBy),
    revoked: body.revocations.map(revokedBy),
    evidence: provenBy(body),
    votes: votes.length,
    recovery: recoveryOf(body.recovery)
  }
}

/** Summaries of a stretch of the ledger, oldest first. */
export async function* summariesOf(entries: AsyncIterable<LedgerEntry>): AsyncIterable<CommitSummary> {
  for await (const entry of entries) yield summaryOf(entry)
}

function provenBy({ evidence = [], bans = [], height }: CommitBody): ProvenOffence[] {
  return evidence.map((votes) => {
    const offence = reopenEvidence(votes)
    const untilHeight = bans.find(({ peer }) => peer === offence.offender)?.until ?? height
    return { ...offence, untilHeight }
  })
}

function recoveryOf(envelope: Uint8Array | undefined): CommitSummary['recovery'] {
  if (envelope == null) return null
  const { admin, reason } = reopen(recoveryType, envelope)
  return { admin, reason }
}

function admittedBy(certificate: Uint8Array): string {
  return reopen(certificateType, certificate).member
}

function revokedBy(revocation: Uint8Array): string {
  const { target } = reopen(revocationType, revocation)
  return 'member' in target ? target.member : target.invite.toString()
}
