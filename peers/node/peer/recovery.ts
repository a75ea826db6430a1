/** An admin goes on without a quorum: who may, when, and with whom. */
import { NotAllowedError } from '../../../src/federation/errors.ts'
import { activeMember, mayRecover } from '../../../src/federation/membership.ts'
import { signRecovery } from '../../../src/federation/recovery.ts'
import { quorumSize } from '../../../src/rounds/index.ts'
import type { BranchStatus, ForkStatus, HeardRecoveryStatus, RecoverOptions } from '../types.ts'
import type { Fork, HeardRecovery } from '../../engine/branches/index.ts'
import type { MembershipState, RecoveryEntry } from '../../../src/federation/membership.ts'
import type { Recovery } from '../../../src/federation/recovery.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { PrivateKey } from '@libp2p/interface'

/** There is a quorum: the members can agree by themselves. */
export class RecoveryNotNeededError extends Error {
  static override name = 'RecoveryNotNeededError'

  constructor(reachable: number, needed: number) {
    super(
      `A quorum is connected (${reachable} members, ${needed} needed), so rounds go on by votes: nothing has to be recovered. To part with a member use "murmur revoke"`
    )
    this.name = 'RecoveryNotNeededError'
  }
}

export interface RecoveryInit extends RecoverOptions {
  self: string
  key: PrivateKey
  tip: LedgerTip
  membership: MembershipState
  /** Members that are connected now. */
  connected: readonly string[]
  now: number
}

/**
 * Sign a recovery at this peer's tip.
 *
 * @throws {NotAllowedError} this peer is no admin that the manifest names, or somebody listed is no member
 * @throws {RecoveryNotNeededError}
 */
export async function makeRecovery(init: RecoveryInit): Promise<Signed<Recovery>> {
  const { self, key, tip, membership, reason, now } = init
  const { body, manifest, federation } = tip
  if (!mayRecover(membership, self)) {
    const admins = [manifest.founder, ...manifest.membership.admins].join(', ')
    throw new NotAllowedError(
      `Only admins that the manifest names recover (${admins}), and this peer is none`
    )
  }
  const reachable = body.roster.filter(({ peer }) => peer === self || init.connected.includes(peer))
  const needed = quorumSize(body.roster.length, manifest.membership.faultModel)
  if (reachable.length >= needed) throw new RecoveryNotNeededError(reachable.length, needed)
  const members = init.members ?? [self, ...reachable.map(({ peer }) => peer)]
  const stranger = members.find((peer) => activeMember(membership, peer) == null)
  if (stranger != null) throw new NotAllowedError(`${stranger} is no member: only members can remain`)
  const base = { height: body.height, commit: tip.cid }
  const previous = membership.recoveries.at(-1)?.cid ?? null
  const time = Math.max(now, body.time)
  return await signRecovery({ federation, base, members, reason, time, previous }, { id: self, key })
}

/** The latest branch of a ledger, for people. */
export function branchOf(recoveries: readonly RecoveryEntry[]): BranchStatus | null {
  const last = recoveries.at(-1)
  if (last == null) return null
  const { height, admin, reason, members, time } = last
  return { number: recoveries.length, height, admin, reason, members: [...members], time }
}

/** A recovery to decide about, for people. */
export function heardOf(heard: HeardRecovery): HeardRecoveryStatus {
  const { commit, height, admin, reason, members, time, refused } = heard
  return { commit, height, admin, reason, members: [...members], time, refused }
}

/** What a person must know before following. */
export function undecided(recoveries: readonly HeardRecovery[]): string | null {
  const open = recoveries.filter(({ refused }) => !refused)
  if (open.length === 0) return null
  const told = open.map(({ admin, height, reason, members, commit }) => {
    const who = members.join(', ')
    return `${admin} opened a branch at height ${height} without a quorum, because "${reason}", with ${who} (commit ${commit})`
  })
  const conflict = open.length > 1 ? ' These exclude each other.' : ''
  return `a decision of its operator: ${told.join('; ')}.${conflict} Until then it does not vote: murmur recover --follow, or --refuse`
}

/** Where another member's ledger parts from this one, for people. */
export function forkOf({ peer, height, recovery, ownRecovery }: Fork): ForkStatus {
  return { peerId: peer, height, what: whatParts(recovery, ownRecovery) }
}

function whatParts(recovery: Recovery | null, ownRecovery: boolean): string {
  if (recovery != null) {
    const theirs = `it follows a recovery by ${recovery.admin} ("${recovery.reason}")`
    return ownRecovery
      ? `${theirs}, this peer another one at the same height: neither goes over to the other`
      : `${theirs}; this peer has another commit there, and keeps it`
  }
  return ownRecovery
    ? 'it goes on with what was before the recovery that this peer follows'
    : 'a quorum signed another commit there: more members are faulty than the fault model bears'
}
