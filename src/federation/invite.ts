/**
 * An invite: a capability that its issuer signed, with the private key that makes use of it. Whoever holds it can make
 * itself a certificate offline (certificate.ts), with nobody on line.
 */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { fromString } from 'uint8arrays/from-string'
import { toString } from 'uint8arrays/to-string'
import { z } from 'zod'
import { decode, encode } from './cbor.ts'
import { ExpiredInviteError, TamperedError } from './errors.ts'
import { bytesField, cidField, multiaddrField, peerIdField, textField, timeField } from './fields.ts'
import { printable } from '../printable.ts'
import { open, seal } from './signed.ts'
import type { RecordSchema } from './cbor.ts'
import type { Manifest } from './manifest/schema.ts'
import type { Signed, SignedType } from './signed.ts'
import type { PrivateKey } from '@libp2p/interface'

/** The largest certificate or capability, envelope included: what a commit's admissions may hold. */
export const MAX_CERTIFICATE_BYTES = 8192
/** Addresses in one invite: enough for a few hosts with a few transports each. */
export const MAX_INVITE_ADDRESSES = 16
/** The longest invite text read, characters; above what a capability and the addresses can need. */
export const MAX_INVITE_CHARACTERS = 32 * 1024
/** An Ed25519 private key is its 32-byte seed. */
export const SEED_BYTES = 32

const PREFIX = 'murmur:'
const ENVELOPE_BYTES = 256

const capabilitySchema = z.strictObject({
  federation: cidField,
  /** The federation's name, to greet the person who is invited. */
  name: textField(128).min(1),
  /** The invite's own key; certificates made with it are signed by it. */
  key: peerIdField,
  role: z.enum(['member', 'admin']),
  expiresAt: timeField,
  /** How many members may join with it. */
  maxUses: z.int().min(1).max(10_000),
  /** The issuer's certificate; null when the manifest itself names the issuer (founder, listed admin). */
  issuer: bytesField(MAX_CERTIFICATE_BYTES).nullable()
})

/** What an issuer grants. */
export type Capability = z.output<typeof capabilitySchema>

/** Signed by the issuer. The CID of its payload is the invite's id. */
export const capabilityType: SignedType<Capability> = {
  name: 'invite',
  domain: 'murmuration-invite',
  schema: capabilitySchema,
  maxBytes: MAX_CERTIFICATE_BYTES - ENVELOPE_BYTES
}

const inviteSchema = z.strictObject({
  version: z.literal(1),
  capability: bytesField(MAX_CERTIFICATE_BYTES),
  seed: bytesField(SEED_BYTES).refine(
    (seed) => seed.byteLength === SEED_BYTES,
    `expected ${SEED_BYTES} bytes`
  ),
  addresses: z.array(multiaddrField).max(MAX_INVITE_ADDRESSES)
})

const inviteType: RecordSchema<z.output<typeof inviteSchema>> = {
  name: 'invite',
  schema: inviteSchema,
  maxBytes: MAX_INVITE_CHARACTERS
}

/** An invite in hand: secret, for its private key lets whoever holds it join. */
export interface Invite {
  capability: Signed<Capability>
  /** 32 bytes: the private half of `capability.value.key`. */
  seed: Uint8Array
  key: PrivateKey
  /** Where members can be reached, multiaddrs. */
  addresses: string[]
}

/** What an invite grants, and by whom. */
export interface InviteInit {
  manifest: Signed<Manifest>
  issuerKey: PrivateKey
  /** The issuer's certificate; null when the manifest itself names the issuer. */
  issuerCertificate: Uint8Array | null
  role: Capability['role']
  /** ms since the epoch. */
  expiresAt: number
  maxUses: number
  addresses: string[]
  /** `SEED_BYTES` random bytes. */
  seed: Uint8Array
}

/**
 * Make an invite. Whether the issuer may is checked by whoever verifies a certificate made with it, and by
 * `checkGrant` (certificate.ts) beforehand.
 *
 * @throws {InvalidRecordError} a value out of its bounds
 */
export async function createInvite(init: InviteInit): Promise<Invite> {
  const key = await generateKeyPairFromSeed('Ed25519', init.seed)
  const capability = await seal(
    capabilityType,
    {
      federation: init.manifest.cid,
      name: init.manifest.value.name,
      key: peerIdFromPrivateKey(key).toString(),
      role: init.role,
      expiresAt: init.expiresAt,
      maxUses: init.maxUses,
      issuer: init.issuerCertificate
    },
    init.issuerKey
  )
  const invite = { capability, seed: init.seed, key, addresses: init.addresses }
  decode(inviteType, encode(wireForm(invite)))
  return invite
}

/** The invite as one string to paste: `murmur:` and base64url. */
export function encodeInvite(invite: Invite): string {
  return PREFIX + toString(encode(wireForm(invite)), 'base64url')
}

/**
 * Read a pasted invite; white space and line breaks inside it do no harm. Its signature is checked, not whether the
 * issuer may invite: that needs the manifest.
 *
 * @throws {TamperedError} not an invite, incomplete, or changed
 */
export async function parseInvite(text: string): Promise<Invite> {
  const { capability: envelope, seed, addresses } = readText(text)
  const [capability, key] = await Promise.all([
    openCapability(envelope),
    generateKeyPairFromSeed('Ed25519', seed)
  ])
  if (peerIdFromPrivateKey(key).toString() !== capability.value.key) {
    throw new TamperedError('invite', 'its key is not the one that was signed')
  }
  return { capability, seed, key, addresses }
}

/** The invite's id, in text: what a revocation names and uses are counted by. */
export function inviteId(invite: Pick<Invite, 'capability'>): string {
  return invite.capability.cid.toString()
}

/**
 * Open an untrusted capability.
 *
 * @throws {TamperedError} the signature does not hold, or it is not a capability
 */
export async function openCapability(bytes: Uint8Array): Promise<Signed<Capability>> {
  try {
    return await open(capabilityType, bytes)
  } catch (cause) {
    throw new TamperedError('invite', (cause as Error).message, { cause })
  }
}

/** @throws {ExpiredInviteError} at `time` (ms since the epoch) the capability grants nothing any more */
export function checkExpiry({ expiresAt }: Pick<Capability, 'expiresAt'>, time: number): void {
  if (time > expiresAt) throw new ExpiredInviteError(expiresAt)
}

function wireForm({ capability, seed, addresses }: Invite): z.input<typeof inviteSchema> {
  return { version: 1, capability: capability.bytes, seed, addresses }
}

function readText(text: string): z.output<typeof inviteSchema> {
  if (text.length > MAX_INVITE_CHARACTERS) {
    throw new TamperedError('invite', `${text.length} characters, at most ${MAX_INVITE_CHARACTERS} expected`)
  }
  const compact = text.replace(/[\s\u200b\ufeff"'<>`]/g, '')
  if (!compact.startsWith(PREFIX)) {
    const found = compact === '' ? 'nothing' : `"${printable(compact, 12)}"`
    throw new TamperedError('invite', `expected text that begins with "${PREFIX}", found ${found}`)
  }
  try {
    return decode(inviteType, fromString(compact.slice(PREFIX.length), 'base64url'))
  } catch (cause) {
    throw new TamperedError('invite', (cause as Error).message, { cause })
  }
}
