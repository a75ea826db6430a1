/**
 * Who are you, and may you be here: mutual proof of membership on every connection, before anything else is said.
 *
 * The dialler says hello as soon as the connection is open. Each side verifies the other's certificate against its own
 * ledger. A connection on which that does not happen within ten seconds is closed; a refusal closes it after the
 * reason was sent, and is remembered, so that the same peer is not dialled again and again.
 *
 * A peer that was away may have a ledger too old to judge by: one that lists none of the members, whose invites have
 * expired meanwhile. When the other side's chain of signatures holds and it knows a later ledger, this peer first catches
 * up from it, and then decides. Until then that side is served nothing, and its streams wait.
 *
 * On a connection that admitted both, either side may say hello again, now and then: to hear of members that came later.
 *
 * Admission alone keeps nobody out: wrap the components of every other protocol in `membersOnly`.
 *
 * @example
 *
 * ```ts
 * const node = await createLibp2p({
 *   services: {
 *     identify: identify(),
 *     admission: admission({ source }),
 *     blocks: (components) => blocks(init)(membersOnly(components, components.admission))
 *   }
 * })
 * node.services.admission.addEventListener('member', ({ detail }) => console.log(detail.peerId.toString()))
 * ```
 */
import { AdmissionService } from './admission.ts'
import type { Clock } from '../common/clock.ts'
import type { ConnectionsLike, RegistrarLike } from '../common/components.ts'
import type { Refusal } from '../common/refusal.ts'
import type { KnownPeer, LedgerHead } from './schema.ts'
import type { ComponentLogger, Libp2pEvents, PeerId, Startable, TypedEventTarget } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** What this peer shows of itself, and how it decides about others: the ledger, seen from here. */
export interface AdmissionSource {
  readonly federation: CID
  /** Envelope of this peer's certificate. */
  certificate(): Uint8Array
  /** The manifest's envelope. */
  manifest(): Uint8Array
  /** Where this peer can be dialled. */
  addresses(): string[]
  /**
   * Decide about a certificate, as of now.
   *
   * @throws {MembershipError} it does not admit its member; code and message go to that peer
   */
  verify(certificate: Uint8Array): Promise<{ member: string }>
  /** Other members to tell a newcomer of. Default: those connected. */
  peers?(): KnownPeer[]
  /** The latest commit; null before the first. */
  head(): LedgerHead | null
  /**
   * Bring this peer's ledger as far as that of a connected peer whose certificate the ledger here refuses, but a later
   * one may not. Nothing of that peer may be believed but what a quorum signed. Default: such a peer is refused.
   *
   * @param options.signal - aborts when the ledger here has not moved for `timeoutMs`
   */
  catchUp?(peerId: PeerId, options: { signal: AbortSignal }): Promise<void>
}

export interface AdmissionInit {
  source: AdmissionSource
  /** From the opening of a connection to an admission on it, and for each step of catching up before it. Default 10 s. */
  timeoutMs?: number
  /** Peers that need not be members, such as relays: their connections stay, but they are not admitted. */
  tolerate?(peerId: PeerId): boolean
  clock?: Clock
}

export interface AdmissionComponents {
  registrar: RegistrarLike
  connectionManager: ConnectionsLike
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
}

/** A member that is connected now. */
export interface AdmittedMember {
  peerId: PeerId
  /** Certificate envelope, verified. */
  certificate: Uint8Array
  /** Where it says it can be dialled; unchecked. */
  addresses: string[]
  /** Members it told of; empty if it was the one that dialled. */
  peers: KnownPeer[]
  /** How far its ledger was. */
  head: LedgerHead | null
}

/** `local`: this peer refused the other; else the other refused this one. */
export interface RefusalDetail extends Refusal {
  peerId: PeerId
  local: boolean
}

export interface AdmissionEvents {
  /** A peer was admitted, and admitted this one. Once, however many connections there are. */
  member: CustomEvent<AdmittedMember>
  /** The last connection of an admitted peer closed. */
  'member:gone': CustomEvent<{ peerId: PeerId }>
  refused: CustomEvent<RefusalDetail>
}

/** Asks who is admitted; what `membersOnly` needs. */
export interface AdmissionGate extends TypedEventTarget<AdmissionEvents> {
  isAdmitted(peerId: PeerId | string): boolean
  /** True once admitted; false when no exchange is under way, or it ends otherwise. */
  settled(peerId: PeerId | string): Promise<boolean>
}

export interface Admission extends AdmissionGate, Startable {
  /** Members connected now. */
  members(): AdmittedMember[]
  /** The latest refusal between this peer and another, while it is remembered. */
  refusal(peerId: PeerId | string): (Refusal & { local: boolean }) | undefined
  /** Milliseconds for which the peer should be left alone because of a refusal; 0 when it may be dialled. */
  backoffMs(peerId: PeerId | string): number
  /**
   * Say hello once more to a member that is connected, to hear whom it knows by now and to tell it where this peer is and
   * how far its ledger is. What it says of itself is in `members()` afterwards.
   *
   * @returns the members it tells of
   * @throws {NotAdmittedError} it is not connected, or not admitted
   * @throws {RefusedError} with the code `too-often`: it was asked a moment ago; any other refusal ends the membership
   */
  ask(peerId: PeerId | string): Promise<KnownPeer[]>
  /** Ask the source again about every member connected, and part with those it no longer accepts. After a revocation. */
  recheck(): Promise<void>
}

/** The service's factory, for libp2p's `services`, or called with stand-ins. */
export function admission(init: AdmissionInit): (components: AdmissionComponents) => Admission {
  return (components) => new AdmissionService(components, init)
}

export { ADMISSION_PROTOCOL, ADMISSION_TIMEOUT_MS } from './constants.ts'
export { AdmissionTimeoutError, ConnectionRefusedError, NotAdmittedError } from './errors.ts'
export { admissionGater } from './gater.ts'
export { lookUp } from './look-up.ts'
export { membersOnly } from './members-only.ts'
export type { GaterInit } from './gater.ts'
export type { LookUpInit, LookUpResult } from './look-up.ts'
export type { MembersOnlyOptions } from './members-only.ts'
export type { KnownPeer, LedgerHead } from './schema.ts'
