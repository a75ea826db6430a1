/** One commit after another, checked as whoever voted for it had to, as far as that can be done without payloads. */
import { vectorsBeside } from '../../../src/aggregation/index.ts'
import { cidOf, decode, encode } from '../../../src/federation/cbor.ts'
import { followCommit } from '../../../src/federation/change.ts'
import { commitType, updateType } from '../../../src/federation/records.ts'
import { open } from '../../../src/federation/signed.ts'
import { followedBy, nextHeight } from '../../../src/rounds/index.ts'
import { differences } from '../differences.ts'
import { Bodies } from '../height/bodies.ts'
import { verifyCommit } from '../verify.ts'
import type { HeldUpdate } from '../components.ts'
import type { BodiesInit } from '../height/bodies.ts'
import type { VerifiedCommit } from '../verify.ts'
import type { Membership } from '../membership.ts'
import type { MembershipState } from '../../../src/federation/membership.ts'
import type { CommitBody, Contribution, Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

/** Where the ledger has been followed to. */
export interface Place {
  tip: LedgerTip
  membership: MembershipState
}

/** A commit and its signed updates do not agree, or it is not what follows from its updates; the message says in what. */
export class DiscrepancyError extends Error {
  static override name = 'DiscrepancyError'
  readonly expected: string
  readonly found: string

  constructor(what: string, { expected, found }: { expected: string; found: string }) {
    super(what)
    this.name = 'DiscrepancyError'
    this.expected = expected
    this.found = found
  }
}

/** A commit that follows, and where it leads. */
export interface Followed {
  verified: VerifiedCommit
  next: Place
  /** Its signed updates, opened; null when they are not kept. */
  updates: Signed<Update>[] | null
}

/**
 * Check all that a commit says against the place before it.
 *
 * @param kept - envelopes of the updates that it counts, if they were kept
 * @throws {Error} the first thing that does not hold
 */
export async function follow(
  place: Place,
  bytes: Uint8Array,
  kept?: readonly Uint8Array[]
): Promise<Followed> {
  const verified = await verifyCommit(place.tip, bytes)
  const { body } = verified.commit
  const { next: membership } = await followCommit(place.membership, body)
  const updates = kept == null ? null : await openUpdates(body, kept)
  if (body.recovery == null) await checkBody(place, body, updates)
  const tip = followedBy(place.tip, { cid: verified.cid, body })
  return { verified, next: { tip, membership }, updates }
}

/** Where a commit leads if all that it says is taken for true: to go on after one that does not hold. */
export async function believe(place: Place, bytes: Uint8Array): Promise<Place> {
  const { body } = decode(commitType, bytes)
  const cid = await cidOf(encode(body))
  const membership = await followCommit(place.membership, body).then(
    ({ next }) => next,
    () => ({ ...place.membership, height: body.height })
  )
  return { tip: followedBy(place.tip, { cid, body }), membership }
}

/** Membership as it was at that place, as bodies are checked against it. */
export function membershipAt({ membership }: Place): Pick<Membership, 'proposeChange' | 'checkChange'> {
  return {
    checkChange: async (body) => (await followCommit(membership, body)).change,
    proposeChange: async () => {
      throw new Error('An audit proposes nothing')
    }
  }
}

/** Contributions, shares, roster, evaluation: all but the model and its optimizer's state follow from what a commit and its updates say. */
async function checkBody(place: Place, body: CommitBody, updates: Signed<Update>[] | null): Promise<void> {
  const { tip } = place
  const held = body.contributions.map((contribution) => claimed(contribution, updates))
  const init: BodiesInit = {
    position: { tip, ...NO_VECTORS },
    height: nextHeight(tip),
    updates: { hold: async (signed) => ({ signed }) },
    results: {
      of: async (updates) => ({
        ...NO_VECTORS,
        ...vectorsAfter(tip, body, updates),
        stored: async () => {}
      })
    },
    membership: membershipAt(place),
    offences: () => [],
    now: () => Infinity
  }
  const made = (await new Bodies(init).remake(body, held)).body
  const differing = differences(body, made).filter((field) => field !== 'evaluation' || updates != null)
  if (differing.length === 0) return
  throw new DiscrepancyError(`${differing.join(', ')} do not follow from the commit before and the updates`, {
    expected: shown(made, differing),
    found: shown(body, differing)
  })
}

const NO_VECTORS = { weights: new Float32Array(), moments: new Float32Array() }

/** Without updates they are the ones before; what they are with them shows where the payloads are kept. */
function vectorsAfter(
  tip: LedgerTip,
  body: CommitBody,
  updates: readonly HeldUpdate[]
): Pick<CommitBody, 'model' | 'optimizerState'> {
  if (updates.every(({ refused }) => refused != null)) return tip.body
  const { name, moments } = vectorsBeside(tip.manifest)
  const { model, optimizerState } = body
  if (moments > 0 && optimizerState == null)
    throw new DiscrepancyError(`the state of ${name} is not there`, { expected: 'a root', found: 'null' })
  return { model, optimizerState: moments === 0 ? null : optimizerState }
}

/** An update as a commit lists it: with its record where that is kept, else with what the list says. */
function claimed(
  { author, update, samples, refused }: Contribution,
  updates: Signed<Update>[] | null
): HeldUpdate {
  const verdict = refused == null ? {} : { refused }
  const kept = updates?.find(({ cid }) => cid.equals(update))
  if (kept != null) return { signed: kept, ...verdict }
  const value = { samples, metricsBefore: {} } as Update
  return { signed: { author, cid: update, value, bytes: new Uint8Array() }, ...verdict }
}

/** @throws {Error} a signature does not hold, or they are not those that the commit counts */
async function openUpdates(
  { contributions }: CommitBody,
  kept: readonly Uint8Array[]
): Promise<Signed<Update>[]> {
  const updates = await Promise.all(kept.map((bytes) => open(updateType, bytes)))
  const found = updates.map(({ cid }) => String(cid)).sort()
  const expected = contributions.map(({ update }) => String(update)).sort()
  if (String(found) === String(expected)) return updates
  throw new DiscrepancyError('the signed updates kept are not those that it counts', {
    expected: expected.join(', ') || 'none',
    found: found.join(', ') || 'none'
  })
}

const MAX_SHOWN = 300

function shown(body: CommitBody, fields: string[]): string {
  const values = fields.map((field) => JSON.stringify(body[field as keyof CommitBody]))
  return values.join(', ').slice(0, MAX_SHOWN)
}
