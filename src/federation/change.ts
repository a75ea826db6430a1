/** What a commit changes in who is a member: checked and carried out in one pass. */
import {
  checkAdmission,
  checkParticipation,
  checkRecovery,
  checkRevocation,
  withAdmission,
  withParticipation,
  withRecovery,
  withRevocation
} from './membership.ts'
import type { MembershipPart, MembershipState } from './membership.ts'

/** A commit's changes, opened; what the round machine makes a roster of. */
export interface CommitChange {
  admissions: Uint8Array[]
  /** The members that they admit, in the same order. */
  admitted: string[]
  revocations: Uint8Array[]
  /** Members whose membership ends. */
  removed: string[]
  /** What members say of themselves. */
  declared: { member: string; trains: boolean; envelope: Uint8Array }[]
}

/**
 * Membership after one more commit, and what the commit changes. Its revocations take effect before its admissions,
 * these one after the other, participations after them, a recovery last.
 *
 * @throws {MembershipError} the commit admits or revokes what it may not; the state is unchanged
 */
export async function followCommit(
  state: MembershipState,
  { height, time, revocations, admissions, participation = [], recovery }: MembershipPart
): Promise<{ next: MembershipState; change: CommitChange }> {
  const change: CommitChange = { admissions: [], admitted: [], revocations: [], removed: [], declared: [] }
  let next: MembershipState = { ...state, height }
  for (const envelope of revocations) {
    const revocation = await checkRevocation(next, envelope)
    next = withRevocation(next, revocation)
    change.revocations.push(envelope)
    if ('member' in revocation.value.target) change.removed.push(revocation.value.target.member)
  }
  for (const envelope of admissions) {
    const verified = await checkAdmission(next, envelope, time)
    next = withAdmission(next, verified)
    change.admissions.push(envelope)
    change.admitted.push(verified.member)
  }
  for (const envelope of participation) {
    const said = await checkParticipation(next, envelope, height)
    next = withParticipation(next, said)
    change.declared.push({ member: said.value.member, trains: said.value.trains, envelope })
  }
  if (recovery != null) next = withRecovery(next, await checkRecovery(next, recovery))
  return { next, change }
}

/** Membership after one more commit. @throws as `followCommit` */
export async function applyCommit(state: MembershipState, commit: MembershipPart): Promise<MembershipState> {
  return (await followCommit(state, commit)).next
}
