/** Commits as people and programs read them. */
import { decode } from '../../../src/federation/cbor.ts'
import { openCertificate } from '../../../src/federation/certificate.ts'
import { commitType } from '../../../src/federation/records.ts'
import { openRevocation } from '../../../src/federation/revocation.ts'
import type { LedgerEntry } from '../../../src/state/index.ts'
import type { CommitSummary } from '../types.ts'

/** What a commit of this peer's own ledger says. */
export async function summaryOf({ cid, bytes }: Pick<LedgerEntry, 'cid' | 'bytes'>): Promise<CommitSummary> {
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
    admitted: await Promise.all(body.admissions.map(admittedBy)),
    revoked: await Promise.all(body.revocations.map(revokedBy)),
    votes: votes.length
  }
}

/** Summaries of a stretch of the ledger, oldest first. */
export async function* summariesOf(entries: AsyncIterable<LedgerEntry>): AsyncIterable<CommitSummary> {
  for await (const entry of entries) yield await summaryOf(entry)
}

async function admittedBy(certificate: Uint8Array): Promise<string> {
  return (await openCertificate(certificate)).value.member
}

async function revokedBy(revocation: Uint8Array): Promise<string> {
  const { target } = (await openRevocation(revocation)).value
  return 'member' in target ? target.member : target.invite.toString()
}
