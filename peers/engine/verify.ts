/** Is this the commit that follows? Checked from the tip alone: no trust in whoever sent it. */
import { cidOf, decode, encode } from '../../src/federation/cbor.ts'
import { commitType, voteType } from '../../src/federation/records.ts'
import { open } from '../../src/federation/signed.ts'
import { nextHeight, quorumSize } from '../../src/rounds/index.ts'
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
 * Check that `bytes` is a commit which follows `tip` and which a quorum of `tip`'s roster precommitted.
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
  const voters = await precommitters(tip, cid, commit)
  const needed = quorumSize(expected.roster.length, tip.manifest.membership.faultModel)
  if (voters < needed)
    throw fail(`${voters} of ${expected.roster.length} members voted for it, ${needed} needed`)
  return { commit, cid, bytes }
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
