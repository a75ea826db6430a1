/** What a proposer may put into one commit, of all that was asked for. */
import { compare } from 'uint8arrays/compare'
import { MembershipError } from './errors.ts'
import {
  checkAdmission,
  checkParticipation,
  checkRevocation,
  withAdmission,
  withRevocation
} from './membership.ts'
import { MAX_MEMBERSHIP_CHANGES } from './records.ts'
import type { MembershipState } from './membership.ts'
import type { Participation } from './participation.ts'
import type { Signed } from './signed.ts'

/** Certificates or revocations that do not fit, and why. */
export interface Declined {
  envelope: Uint8Array
  error: MembershipError
}

/** Certificates to admit, in the order in which they hold. */
export interface SelectedAdmissions {
  admissions: Uint8Array[]
  /** The members they admit, in the same order. */
  admitted: string[]
  declined: Declined[]
}

/** All that a commit changes; its first four fields are what the round machine takes. */
export interface SelectedChange extends SelectedAdmissions {
  revocations: Uint8Array[]
  /** Members whose membership ends. */
  removed: string[]
}

/**
 * Choose, of candidate certificates, those that one commit may admit: each holds after those before it. Where two race
 * for an invite's last use the lower peer id wins. A candidate whose issuer is a candidate too follows it. The same
 * candidates in whatever order give the same choice.
 *
 * @param time - the commit's, ms since the epoch
 */
export async function selectAdmissions(
  state: MembershipState,
  candidates: readonly Uint8Array[],
  time: number
): Promise<SelectedAdmissions> {
  const selected: SelectedAdmissions = { admissions: [], admitted: [], declined: [] }
  let waiting = await openAll(state, candidates, selected.declined)
  let current = state
  // An issuer may itself be a candidate: whoever did not fit gets another chance after somebody was admitted.
  for (let before = -1; before < selected.admitted.length;) {
    before = selected.admitted.length
    for (const { member, envelope } of waiting) {
      if (selected.admitted.includes(member) || selected.admitted.length >= MAX_MEMBERSHIP_CHANGES) continue
      const verified = await attempt(checkAdmission(current, envelope, time))
      if (verified instanceof MembershipError) continue
      current = withAdmission(current, verified)
      selected.admissions.push(envelope)
      selected.admitted.push(member)
    }
    waiting = waiting.filter(({ member }) => !selected.admitted.includes(member))
  }
  for (const { envelope } of waiting) {
    // Those that merely found no room are not declined: they wait for the next commit.
    const error = await attempt(checkAdmission(current, envelope, time))
    if (error instanceof MembershipError) selected.declined.push({ envelope, error })
  }
  return selected
}

/** What a proposer asks to change. */
export interface ChangeRequest {
  certificates: readonly Uint8Array[]
  revocations: readonly Uint8Array[]
  /** The commit's, ms since the epoch. */
  time: number
}

/** Choose revocations, then admissions that still hold after them. */
export async function selectChange(state: MembershipState, request: ChangeRequest): Promise<SelectedChange> {
  const revocations: Uint8Array[] = []
  const removed: string[] = []
  const declined: Declined[] = []
  let current = state
  for (const envelope of [...request.revocations].sort(compare).slice(0, MAX_MEMBERSHIP_CHANGES)) {
    const revocation = await attempt(checkRevocation(current, envelope))
    if (revocation instanceof MembershipError) {
      declined.push({ envelope, error: revocation })
      continue
    }
    current = withRevocation(current, revocation)
    revocations.push(envelope)
    if ('member' in revocation.value.target) removed.push(revocation.value.target.member)
  }
  const selected = await selectAdmissions(current, request.certificates, request.time)
  return { ...selected, revocations, removed, declined: [...declined, ...selected.declined] }
}

/**
 * Choose members' words on whether they train, by member, at most one of each.
 *
 * @param state - after the admissions and revocations of the same commit
 * @param height - of the commit
 */
export async function selectParticipation(
  state: MembershipState,
  candidates: readonly Uint8Array[],
  height: number
): Promise<Signed<Participation>[]> {
  const selected = new Map<string, Signed<Participation>>()
  for (const envelope of [...candidates].sort(compare)) {
    const checked = await attempt(checkParticipation(state, envelope, height))
    if (!(checked instanceof MembershipError)) selected.set(checked.author, checked)
  }
  return [...selected.values()]
    .sort((a, b) => (a.author < b.author ? -1 : 1))
    .slice(0, MAX_MEMBERSHIP_CHANGES)
}

interface Candidate {
  member: string
  envelope: Uint8Array
}

/** By member ascending, so that the lower peer id wins; those that do not even open are declined. */
async function openAll(
  state: MembershipState,
  candidates: readonly Uint8Array[],
  declined: Declined[]
): Promise<Candidate[]> {
  const opened: Candidate[] = []
  for (const envelope of [...candidates].sort(compare)) {
    const verified = await attempt(state.verify(envelope))
    if (verified instanceof MembershipError) declined.push({ envelope, error: verified })
    else opened.push({ member: verified.member, envelope })
  }
  return opened.sort((a, b) => (a.member === b.member ? 0 : a.member < b.member ? -1 : 1))
}

/** The result, or why there is none; other failures than membership's are thrown. */
async function attempt<T>(promise: Promise<T>): Promise<T | MembershipError> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof MembershipError) return error
    throw error
  }
}
