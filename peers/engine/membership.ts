/** Who may be a member, as the ledger says, and who asks to become one or to cease being one. */
import type { CommitBody, Join } from '../../src/federation/records.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { MembershipChange } from '../../src/rounds/index.ts'

/** The engine's view of membership; `peers/node` implements it over src/federation/membership. */
export interface Membership {
  /**
   * Work out membership after one more commit, without following it yet: it is in no ledger before this resolves.
   *
   * @returns follows it
   * @throws {Error} the commit may not change what it changes
   */
  prepare(body: CommitBody): Promise<() => void>
  /**
   * A member's wish to be in the roster, or its word on whether it trains. Resolves to false when it is not admissible (the
   * reason is logged), or past: a commit has left it out since (see wishes.ts).
   */
  request(join: Signed<Join>): Promise<boolean>
  /** An admin's revocation. Resolves to false when it does not hold. */
  revoke(envelope: Uint8Array): Promise<boolean>
  /** What a commit made now by this peer would change, given the roster. */
  proposeChange(roster: readonly string[], time: number): Promise<MembershipChange>
  /**
   * What a proposed commit changes.
   *
   * @throws {Error} it may not
   */
  checkChange(
    body: Pick<CommitBody, 'height' | 'admissions' | 'revocations' | 'participation' | 'time'>
  ): Promise<MembershipChange>
}

/** True when there is something to commit. */
export function changesAnything(change: MembershipChange): boolean {
  const { admissions, revocations, declared = [], offences = [] } = change
  return admissions.length + revocations.length + declared.length + offences.length > 0
}
