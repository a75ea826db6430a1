/** Is this the commit that follows? Checked from the tip alone: no trust in whoever sent it. */
import { cidOf, decode, encode } from '../../src/federation/cbor.ts'
import { commitType, voteType } from '../../src/federation/records.ts'
import { namedRole } from '../../src/federation/certificate.ts'
import { openRecovery } from '../../src/federation/recovery.ts'
import { open } from '../../src/federation/signed.ts'
import { nextHeight, quorumSize, recoveryBody } from '../../src/rounds/index.ts'
import { differences } from './differences.ts'
import type { Commit } from '../../src/federation/records.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

/** A commit that does not follow from the ledger; the message says why. */
export class InvalidCommitError extends Error {
  static override name = 'InvalidCommitError'

  constructor(height: number, reason: string) {
    super(`The commit of height ${height} does not hold: ${reason}`)
    this.name = 'InvalidCommitError'
  }
}

export interface VerifiedCommit {
  commit: Commit
  cid: CID
  bytes: Uint8Array
}

/**
 * Check that `bytes` is a commit which follows `tip` and which a quorum of `tip`'s roster precommitted, or else an
 * admin's recovery (`body.recovery`), which nobody voted on: whether to follow that is for a person to say.
 *
 * @throws {InvalidCommitError}
 * @throws {InvalidRecordError} not a commit at all
 */
export async function verifyCommit(tip: LedgerTip, bytes: Uint8Array): Promise<VerifiedCommit> {
  const commit = decode(commitType, bytes)
  const { body } = commit
  const fail = (reason: string): InvalidCommitError => new InvalidCommitError(body.height, reason)
  const expected = nextHeight(tip)
  if (!body.federation.equals(tip.federation)) throw fail('it belongs to another federation')
  if (body.height !== expected.height) throw fail(`height ${expected.height} was expected`)
  if (!body.previous.equals(tip.cid)) throw fail('it follows another commit')
  if (body.round !== expected.round || body.time < tip.body.time)
    throw fail('its round or time does not follow')
  const cid = await cidOf(encode(body))
  if (body.recovery != null) {
    const wrong = await wrongRecovery(tip, commit)
    if (wrong != null) throw fail(wrong)
    return { commit, cid, bytes }
  }
  const voters = await precommitters(tip, cid, commit)
  const needed = quorumSize(expected.roster.length, tip.manifest.membership.faultModel)
  if (voters < needed)
    throw fail(`${voters} of ${expected.roster.length} members voted for it, ${needed} needed`)
  return { commit, cid, bytes }
}

/** What is wrong with a commit that is a recovery; null: nothing. Whether its admin was revoked membership knows. */
async function wrongRecovery(tip: LedgerTip, { body, votes }: Commit): Promise<string | null> {
  const recovery = await openRecovery(body.recovery ?? new Uint8Array())
  const { admin, base, federation } = recovery.value
  if (!federation.equals(tip.federation)) return 'its recovery belongs to another federation'
  if (namedRole(tip.manifest, admin) == null)
    return `its recovery is signed by ${admin}, who is no admin that the manifest names`
  if (base.height !== tip.body.height || !base.commit.equals(tip.cid))
    return `its recovery follows ${base.commit} of height ${base.height}, not ${tip.cid}`
  if (votes.length > 0) return 'it is a recovery and has votes'
  const differing = differences(body, recoveryBody(tip, recovery))
  return differing.length === 0 ? null : `what follows from its recovery has another ${differing.join(', ')}`
}

/** The most members that precommitted the body in one view. */
async function precommitters(tip: LedgerTip, cid: CID, commit: Commit): Promise<number> {
  const roster = new Set(tip.body.roster.map((entry) => entry.peer))
  const byView = new Map<number, Set<string>>()
  for (const envelope of commit.votes) {
    const { value, author } = await open(voteType, envelope)
    const counts =
      roster.has(author) &&
      value.kind === 'precommit' &&
      value.height === commit.body.height &&
      value.federation.equals(tip.federation) &&
      value.body?.equals(cid) === true
    if (counts) byView.set(value.view, (byView.get(value.view) ?? new Set()).add(author))
  }
  return Math.max(0, ...[...byView.values()].map((voters) => voters.size))
}
