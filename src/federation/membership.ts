/**
 * Who is a member, as the ledger says: the founder at first, then what each commit admits and revokes. A state is a
 * value: applying a commit gives a new one, equal on every peer that applied the same commits.
 */
import { createVerifier, namedRole } from './certificate.ts'
import {
  NotAllowedError,
  RevokedError,
  UnknownIssuerError,
  UsedUpInviteError,
  WrongFederationError
} from './errors.ts'
import { checkExpiry } from './invite.ts'
import { openParticipation } from './participation.ts'
import { openRecovery } from './recovery.ts'
import { openRevocation } from './revocation.ts'
import type { CertificateVerifier, Role, VerifiedCertificate } from './certificate.ts'
import type { Manifest } from './manifest/schema.ts'
import type { CommitBody } from './records.ts'
import type { Participation } from './participation.ts'
import type { Recovery } from './recovery.ts'
import type { Revocation } from './revocation.ts'
import type { Signed } from './signed.ts'
import type { CID } from 'multiformats/cid'

/** A peer that was admitted at some time. */
export interface Member {
  peerId: string
  role: Role
  /** Its certificate's envelope; null for the founder until it shows one. */
  certificate: Uint8Array | null
  /** Id of the invite it came with, null when the manifest names it. */
  invite: string | null
  /** Height of the commit that admitted it; 0 at the founding. */
  admittedAt: number
  /** Height of the commit that revoked it, null while it is a member. */
  revokedAt: number | null
}

/** What was taken back, when and why. */
export interface RevocationEntry {
  height: number
  reason: string
}

/** A branch of the ledger: who opened it, and why. */
export interface RecoveryEntry extends Recovery {
  /** Height of the commit that it is. */
  height: number
  /** Of the record. */
  cid: CID
}

/** Membership after the commit of `height`. */
export interface MembershipState {
  readonly manifest: Signed<Manifest>
  readonly height: number
  readonly members: ReadonlyMap<string, Member>
  /** Invite id → the distinct members that were admitted with it. */
  readonly uses: ReadonlyMap<string, ReadonlySet<string>>
  readonly revokedInvites: ReadonlyMap<string, RevocationEntry>
  /** Also peers that were never members: a revocation may come first. */
  readonly revokedPeers: ReadonlyMap<string, RevocationEntry>
  /** Member → height of its latest participation that a commit carried. */
  readonly declared: ReadonlyMap<string, number>
  /** Where an admin went on without a quorum, the first one first. */
  readonly recoveries: readonly RecoveryEntry[]
  /** Remembers what it verified; shared by all states of one ledger, and no part of their value. */
  readonly verify: CertificateVerifier
}

/** The parts of a commit that change membership. */
export type MembershipPart = Pick<
  CommitBody,
  'height' | 'time' | 'admissions' | 'revocations' | 'participation' | 'recovery'
>

/** Membership at the founding: the founder alone. */
export function genesisMembership(manifest: Signed<Manifest>): MembershipState {
  const { founder } = manifest.value
  const member: Member = {
    peerId: founder,
    role: 'founder',
    certificate: null,
    invite: null,
    admittedAt: 0,
    revokedAt: null
  }
  return {
    manifest,
    height: 0,
    members: new Map([[founder, member]]),
    uses: new Map(),
    revokedInvites: new Map(),
    revokedPeers: new Map(),
    declared: new Map(),
    recoveries: [],
    verify: createVerifier(manifest)
  }
}

/** The member, unless there is none of that id or its membership was revoked. */
export function activeMember(state: MembershipState, peerId: string): Member | undefined {
  const member = state.members.get(peerId)
  return member?.revokedAt == null ? member : undefined
}

/** All whose membership was not revoked, by peer id ascending. */
export function activeMembers(state: MembershipState): Member[] {
  return [...state.members.values()]
    .filter(({ revokedAt }) => revokedAt == null)
    .sort((a, b) => (a.peerId < b.peerId ? -1 : 1))
}

/** True for the founder, the admins that the manifest lists, and members that were invited as admins. */
export function isAdmin(state: MembershipState, peerId: string): boolean {
  if (state.revokedPeers.has(peerId)) return false
  if (namedRole(state.manifest.value, peerId) != null) return true
  return activeMember(state, peerId)?.role === 'admin'
}

/**
 * Check that a certificate admits its member now. One that was admitted with it before may always return: neither
 * expiry nor uses concern it any more.
 *
 * @param time - the clock that decides about expiry, ms since the epoch: the commit's, or a peer's own beforehand
 * @throws {MembershipError} one class per reason, see errors.ts
 */
export async function checkAdmission(
  state: MembershipState,
  certificate: Uint8Array,
  time: number
): Promise<VerifiedCertificate> {
  const verified = await state.verify(certificate)
  const banned = state.revokedPeers.get(verified.member)
  if (banned != null) throw new RevokedError('This membership', banned.reason)
  if (verified.invite == null || wasAdmittedWith(state, verified)) return verified
  checkInvite(state, verified.invite)
  checkExpiry(verified.invite.capability, time)
  const { maxUses } = verified.invite.capability
  if (usesOf(state, verified).size >= maxUses) throw new UsedUpInviteError(maxUses)
  return verified
}

/**
 * Check that a revocation takes effect now.
 *
 * @throws {TamperedError} its signature does not hold
 * @throws {WrongFederationError} made for another federation
 * @throws {NotAllowedError} its signer is no admin, its target the founder, or revoked already
 */
export async function checkRevocation(
  state: MembershipState,
  envelope: Uint8Array
): Promise<Signed<Revocation>> {
  const revocation = await openRevocation(envelope)
  const { federation, target } = revocation.value
  const ids = { found: federation.toString(), expected: state.manifest.cid.toString() }
  if (ids.found !== ids.expected) throw new WrongFederationError('revocation', ids)
  if (!isAdmin(state, revocation.author)) {
    throw new NotAllowedError(
      `Only admins revoke, and ${revocation.author} is not one: ask an admin to do it`
    )
  }
  if ('member' in target && target.member === state.manifest.value.founder) {
    throw new NotAllowedError('The founder cannot be revoked: found a new federation instead')
  }
  const [known, id] =
    'member' in target
      ? [state.revokedPeers, target.member]
      : [state.revokedInvites, target.invite.toString()]
  if (known.has(id)) throw new NotAllowedError(`${id} is revoked already: nothing is left to do`)
  return revocation
}

/**
 * Check that a member's word on whether it trains takes effect with the commit of `height`.
 *
 * @throws {TamperedError} its signature does not hold
 * @throws {WrongFederationError} made for another federation
 * @throws {NotAllowedError} its signer is no member, has said something since, or speaks of a height to come
 */
export async function checkParticipation(
  state: MembershipState,
  envelope: Uint8Array,
  height: number
): Promise<Signed<Participation>> {
  const participation = await openParticipation(envelope)
  const { federation, member, height: madeAt } = participation.value
  const ids = { found: federation.toString(), expected: state.manifest.cid.toString() }
  if (ids.found !== ids.expected) throw new WrongFederationError('participation', ids)
  if (activeMember(state, member) == null) throw new NotAllowedError(`${member} is no member`)
  const last = state.declared.get(member) ?? 0
  if (madeAt <= last || madeAt > height) {
    throw new NotAllowedError(
      `${member} says at height ${madeAt} whether it trains: after ${last} and up to ${height} was expected`
    )
  }
  return participation
}

/** May this peer go on without a quorum? Only admins that the manifest names may, unless they were revoked. */
export function mayRecover(state: MembershipState, peerId: string): boolean {
  return namedRole(state.manifest.value, peerId) != null && isAdmin(state, peerId)
}

/**
 * Check that an admin may go on without a quorum, with the commit of the state's height.
 *
 * @throws {TamperedError} its signature does not hold
 * @throws {WrongFederationError} made for another federation
 * @throws {NotAllowedError} its signer is none whom the manifest names, it follows another height or recovery than the
 * last, or lists who is no member
 */
export async function checkRecovery(state: MembershipState, envelope: Uint8Array): Promise<Signed<Recovery>> {
  const recovery = await openRecovery(envelope)
  const { federation, admin, base, members, previous } = recovery.value
  const ids = { found: federation.toString(), expected: state.manifest.cid.toString() }
  if (ids.found !== ids.expected) throw new WrongFederationError('recovery', ids)
  if (!mayRecover(state, admin))
    throw new NotAllowedError(`Only admins whom the manifest names recover, and ${admin} is not one`)
  if (base.height + 1 !== state.height)
    throw new NotAllowedError(`This recovery follows height ${base.height}, not ${state.height - 1}`)
  const last = state.recoveries.at(-1)?.cid
  if (String(previous) !== String(last ?? null))
    throw new NotAllowedError(
      `This recovery follows the recovery ${previous}, but the last is ${last ?? null}`
    )
  const stranger = members.find((peer) => activeMember(state, peer) == null)
  if (stranger != null) throw new NotAllowedError(`The recovery lists ${stranger}, who is no member`)
  return recovery
}

/** The state on the branch. The recovery was checked against this very state. */
export function withRecovery(state: MembershipState, { value, cid }: Signed<Recovery>): MembershipState {
  return { ...state, recoveries: [...state.recoveries, { ...value, cid, height: state.height }] }
}

/** The state in which the member has said so. The participation was checked against this very state. */
export function withParticipation(state: MembershipState, { value }: Signed<Participation>): MembershipState {
  return { ...state, declared: new Map(state.declared).set(value.member, value.height) }
}

/** The state with one more member. The certificate was checked against this very state. */
export function withAdmission(state: MembershipState, verified: VerifiedCertificate): MembershipState {
  const { member: peerId, invite } = verified
  const before = state.members.get(peerId)
  if (before?.certificate != null && (invite == null || wasAdmittedWith(state, verified))) return state
  const member: Member = {
    peerId,
    role: before == null || before.role === 'member' ? verified.role : before.role,
    certificate: verified.bytes,
    invite: invite?.id.toString() ?? null,
    admittedAt: before?.admittedAt ?? state.height,
    revokedAt: null
  }
  const members = new Map(state.members).set(peerId, member)
  if (invite == null) return { ...state, members }
  const uses = new Map(state.uses).set(invite.id.toString(), new Set(usesOf(state, verified)).add(peerId))
  return { ...state, members, uses }
}

/** The state without what is revoked. The revocation was checked against this very state. */
export function withRevocation(state: MembershipState, { value }: Signed<Revocation>): MembershipState {
  const { target, reason } = value
  const entry: RevocationEntry = { height: state.height, reason }
  if ('invite' in target) {
    return { ...state, revokedInvites: new Map(state.revokedInvites).set(target.invite.toString(), entry) }
  }
  const revokedPeers = new Map(state.revokedPeers).set(target.member, entry)
  const member = state.members.get(target.member)
  if (member == null) return { ...state, revokedPeers }
  const members = new Map(state.members).set(target.member, { ...member, revokedAt: state.height })
  return { ...state, members, revokedPeers }
}

/** The invite itself, and its issuer, still stand. */
function checkInvite(
  state: MembershipState,
  { id, issuer }: NonNullable<VerifiedCertificate['invite']>
): void {
  const revoked = state.revokedInvites.get(id.toString())
  if (revoked != null) throw new RevokedError('This invite', revoked.reason)
  const banned = state.revokedPeers.get(issuer)
  if (banned != null)
    throw new RevokedError(`The membership of ${issuer}, who made this invite,`, banned.reason)
  // Without this, whoever found a used-up invite could still pass on invites of its own making.
  if (namedRole(state.manifest.value, issuer) == null && activeMember(state, issuer) == null)
    throw new UnknownIssuerError(issuer)
}

function wasAdmittedWith(state: MembershipState, verified: VerifiedCertificate): boolean {
  return usesOf(state, verified).has(verified.member)
}

function usesOf(state: MembershipState, { invite }: VerifiedCertificate): ReadonlySet<string> {
  return (invite == null ? undefined : state.uses.get(invite.id.toString())) ?? new Set()
}
