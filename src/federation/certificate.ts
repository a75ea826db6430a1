/**
 * A certificate: the proof that a peer is a member. The invite's key signed it, the invite's issuer signed the invite,
 * and the issuer's own certificate is inside: a chain founder → issuer → invite → member that anyone verifies offline.
 */
import { toString } from 'uint8arrays/to-string'
import { z } from 'zod'
import { NotAllowedError, TamperedError, WrongFederationError } from './errors.ts'
import { bytesField, cidField, peerIdField } from './fields.ts'
import { checkExpiry, MAX_CERTIFICATE_BYTES, openCapability } from './invite.ts'
import { open, seal } from './signed.ts'
import type { Capability, Invite } from './invite.ts'
import type { Manifest } from './manifest/schema.ts'
import type { Signed, SignedType } from './signed.ts'
import type { PrivateKey } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** Invites between the founder and a member, at most: bounds the work of verifying, and fits the largest certificate. */
export const MAX_CHAIN_DEPTH = 6

const ENVELOPE_BYTES = 256

const certificateSchema = z.strictObject({
  federation: cidField,
  member: peerIdField,
  /** The invite's capability envelope; null in the founder's (or a listed admin's) own certificate. */
  capability: bytesField(MAX_CERTIFICATE_BYTES).nullable()
})

export type Certificate = z.output<typeof certificateSchema>

/** Signed by the invite's key, or by the founder for itself. */
export const certificateType: SignedType<Certificate> = {
  name: 'certificate',
  domain: 'murmuration-certificate',
  schema: certificateSchema,
  maxBytes: MAX_CERTIFICATE_BYTES - ENVELOPE_BYTES
}

/** What a member may do: an admin invites, revokes and recovers; the founder is an admin that cannot be revoked. */
export type Role = 'founder' | 'admin' | 'member'

/** A certificate whose whole chain holds. Expiry, uses and revocations are not part of the chain. */
export interface VerifiedCertificate {
  member: string
  role: Role
  /** The envelope. */
  bytes: Uint8Array
  /** The invite it was made with; null when the manifest itself names the member. */
  invite: { id: CID; issuer: string; capability: Capability } | null
  /** Invites between the founder and this member. */
  depth: number
}

/** Make the certificate of a peer that holds an invite. */
export function certify(invite: Invite, member: string): Promise<Signed<Certificate>> {
  const { capability, key } = invite
  return seal(
    certificateType,
    { federation: capability.value.federation, member, capability: capability.bytes },
    key
  )
}

/** The own certificate of one whom the manifest names: the founder, or a listed admin. */
export function selfCertify(federation: CID, member: string, key: PrivateKey): Promise<Signed<Certificate>> {
  return seal(certificateType, { federation, member, capability: null }, key)
}

/**
 * Open an untrusted certificate: its own signature and shape, not its chain.
 *
 * @throws {TamperedError} the signature does not hold, or it is not a certificate
 */
export async function openCertificate(bytes: Uint8Array): Promise<Signed<Certificate>> {
  try {
    return await open(certificateType, bytes)
  } catch (cause) {
    throw new TamperedError('certificate', (cause as Error).message, { cause })
  }
}

/** Verifies certificates of one federation; what it has verified once it does not verify again. */
export type CertificateVerifier = (certificate: Uint8Array) => Promise<VerifiedCertificate>

/** Certificates remembered: above the largest roster, so that replaying a ledger verifies each once. */
const REMEMBERED = 4096

/**
 * A verifier of whole chains, founder → issuer → invite → member, offline.
 *
 * It rejects with `TamperedError` (a signature or a link does not hold), `WrongFederationError`, or `NotAllowedError`
 * (an issuer granted what it may not).
 */
export function createVerifier(
  manifest: Signed<Manifest>,
  { remember = REMEMBERED }: { remember?: number } = {}
): CertificateVerifier {
  const known = new Map<string, VerifiedCertificate>()
  const verify: CertificateVerifier = async (bytes) => {
    const key = toString(bytes, 'base64')
    const before = known.get(key)
    if (before != null) return before
    const verified = await verifyChain(bytes, manifest, verify)
    if (known.size >= remember) forgetOldest(known)
    known.set(key, verified)
    return verified
  }
  return verify
}

/** What verifying a single certificate takes. */
export interface VerifyInit {
  certificate: Uint8Array
  manifest: Signed<Manifest>
  /** ms since the epoch; given, an invite that has expired is refused. */
  now?: number
}

/**
 * Verify one certificate's whole chain; see `createVerifier` for what it rejects with.
 *
 * @throws {ExpiredInviteError} `now` is given and past the invite's expiry
 */
export async function verifyCertificate({
  certificate,
  manifest,
  now
}: VerifyInit): Promise<VerifiedCertificate> {
  const verified = await createVerifier(manifest)(certificate)
  if (now != null && verified.invite != null) checkExpiry(verified.invite.capability, now)
  return verified
}

/**
 * Check that a peer may make an invite for a role, before it does.
 *
 * @param issuer - its role
 * @throws {NotAllowedError} it may not
 */
export function checkGrant(manifest: Manifest, issuer: Role, granted: Capability['role']): void {
  if (issuer !== 'member') return
  if (granted === 'admin') {
    throw new NotAllowedError('Only an admin may invite an admin: ask one for the invite')
  }
  if (manifest.membership.invites === 'admins') {
    throw new NotAllowedError(
      'In this federation only admins invite, and the issuer of this invite is not one: ask an admin for an invite'
    )
  }
}

/** The role that the manifest itself gives a peer, whoever invites it. */
export function namedRole(manifest: Manifest, peerId: string): 'founder' | 'admin' | null {
  if (peerId === manifest.founder) return 'founder'
  return manifest.membership.admins.includes(peerId) ? 'admin' : null
}

async function verifyChain(
  bytes: Uint8Array,
  manifest: Signed<Manifest>,
  verify: CertificateVerifier
): Promise<VerifiedCertificate> {
  const { value, author } = await openCertificate(bytes)
  checkFederation('certificate', value.federation, manifest)
  if (value.capability == null) return selfMade({ member: value.member, author, bytes }, manifest)
  const capability = await openCapability(value.capability)
  checkFederation('invite', capability.value.federation, manifest)
  if (author !== capability.value.key) {
    throw new TamperedError('certificate', "another key than its invite's signed it")
  }
  const issuer = await roleOfIssuer(capability, manifest, verify)
  checkGrant(manifest.value, issuer.role, capability.value.role)
  return {
    member: value.member,
    role: namedRole(manifest.value, value.member) ?? capability.value.role,
    bytes,
    invite: { id: capability.cid, issuer: capability.author, capability: capability.value },
    depth: deeper(issuer.depth)
  }
}

function selfMade(
  { member, author, bytes }: { member: string; author: string; bytes: Uint8Array },
  { value: manifest }: Signed<Manifest>
): VerifiedCertificate {
  if (author !== member)
    throw new TamperedError('certificate', 'it is made without an invite, by another peer')
  const role = namedRole(manifest, member)
  if (role == null)
    throw new NotAllowedError(`${member} has no invite, and the manifest does not name it: ask for one`)
  return { member, role, bytes, invite: null, depth: 0 }
}

async function roleOfIssuer(
  { author, value }: Signed<Capability>,
  manifest: Signed<Manifest>,
  verify: CertificateVerifier
): Promise<{ role: Role; depth: number }> {
  if (value.issuer == null) {
    const role = namedRole(manifest.value, author)
    if (role != null) return { role, depth: 0 }
    throw new NotAllowedError(
      `${author}, who made this invite, is not in this federation: ask a member for an invite`
    )
  }
  const issuer = await verify(value.issuer)
  if (issuer.member !== author)
    throw new TamperedError('invite', "the certificate inside is not its issuer's")
  return issuer
}

function deeper(depth: number): number {
  if (depth < MAX_CHAIN_DEPTH) return depth + 1
  throw new NotAllowedError(
    `This invite is more than ${MAX_CHAIN_DEPTH} invites away from the founder: ask somebody closer for one`
  )
}

function checkFederation(what: string, found: CID, { cid }: Signed<Manifest>): void {
  const ids = { found: found.toString(), expected: cid.toString() }
  if (ids.found !== ids.expected) throw new WrongFederationError(what, ids)
}

function forgetOldest(known: Map<string, unknown>): void {
  for (const key of known.keys()) {
    known.delete(key)
    return
  }
}
