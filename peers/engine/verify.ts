/** Is this the commit that follows? Checked from the tip alone: no trust in whoever sent it. */
import { cidOf, decode, encode } from '../../src/federation/cbor.ts'
import { commitType, voteType } from '../../src/federation/records.ts'
import { namedRole } from '../../src/federation/certificate.ts'
import { openRecovery } from '../../src/federation/recovery.ts'
import { open } from '../../src/federation/signed.ts'
import { isLapse, nextHeight, quorumSize, recoveryBody } from '../../src/rounds/index.ts'
import { differences } from './differences.ts'
import type { Commit, CommitBody } from '../../src/federation/records.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

/** What was expected of a commit, and what it says. */
export interface Mismatch {
  what: string
  expected: string
  found: string
}

/** A commit that does not follow from the ledger; the message says why. */
export class InvalidCommitError extends Error {
  static override name = 'InvalidCommitError'
  readonly mismatch: Mismatch

  constructor(height: number, mismatch: Mismatch) {
    const { what, expected, found } = mismatch
    super(`The commit of height ${height} does not hold: ${what} (expected ${expected}, found ${found})`)
    this.name = 'InvalidCommitError'
    this.mismatch = mismatch
  }
}

export interface VerifiedCommit {
  commit: Commit
  cid: CID
  bytes: Uint8Array
  /** Members whose precommits count; 0 for a recovery. */
  voters: number
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
  const mismatch = wrongPlace(tip, body)
  if (mismatch != null) throw new InvalidCommitError(body.height, mismatch)
  const cid = await cidOf(encode(body))
  const voters = body.recovery == null ? await precommitters(tip, cid, commit) : 0
  const wrong = body.recovery == null ? tooFew(tip, voters) : await wrongRecovery(tip, commit)
  if (wrong != null) throw new InvalidCommitError(body.height, wrong)
  return { commit, cid, bytes, voters }
}

/** Does it stand where it belongs? */
function wrongPlace(tip: LedgerTip, body: CommitBody): Mismatch | null {
  const next = nextHeight(tip)
  const isOld = body.recovery != null || isLapse(next, body)
  const expected: [string, string, string][] = [
    ['it belongs to another federation', String(tip.federation), String(body.federation)],
    ['it has another height', String(next.height), String(body.height)],
    ['it follows another commit', String(tip.cid), String(body.previous)],
    ['it is of another round', String(isOld ? tip.body.round : next.round), String(body.round)]
  ]
  const wrong = expected.find(([, one, other]) => one !== other)
  if (wrong != null) return { what: wrong[0], expected: wrong[1], found: wrong[2] }
  if (body.time >= tip.body.time) return null
  return { what: 'its time goes back', expected: `${tip.body.time} or later`, found: String(body.time) }
}

function tooFew({ body, manifest }: LedgerTip, voters: number): Mismatch | null {
  const { faultModel } = manifest.membership
  const needed = quorumSize(body.roster.length, faultModel)
  if (voters >= needed) return null
  const expected = `${needed} of the ${body.roster.length} members before it (${faultModel})`
  return { what: 'no quorum voted for it', expected, found: String(voters) }
}

/** What is wrong with a commit that is a recovery; null: nothing. Whether its admin was revoked membership knows. */
async function wrongRecovery(tip: LedgerTip, { body, votes }: Commit): Promise<Mismatch | null> {
  const recovery = await openRecovery(body.recovery ?? new Uint8Array())
  const { admin, base, federation } = recovery.value
  if (namedRole(tip.manifest, admin) == null)
    return {
      what: 'who signed its recovery may not',
      expected: 'an admin that the manifest names',
      found: admin
    }
  const [expected, found] = [
    `${tip.cid} of height ${tip.body.height}`,
    `${base.commit} of height ${base.height}`
  ]
  if (!federation.equals(tip.federation) || found !== expected)
    return { what: 'its recovery follows another commit', expected, found }
  if (votes.length > 0)
    return { what: 'it is a recovery', expected: 'no votes', found: `${votes.length} votes` }
  const differing = differences(body, recoveryBody(tip, recovery)).join(', ')
  if (differing === '') return null
  return {
    what: 'it is not what its recovery says',
    expected: 'what follows from it',
    found: `another ${differing}`
  }
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
