/** Making invites and taking them back, with the key of a home. */
import { randomBytes } from '@libp2p/crypto'
import { CID } from 'multiformats/cid'
import { checkGrant, namedRole, verifyCertificate } from '../../src/federation/certificate.ts'
import { NotAllowedError } from '../../src/federation/errors.ts'
import {
  createInvite,
  encodeInvite,
  MAX_INVITE_ADDRESSES,
  parseInvite,
  SEED_BYTES
} from '../../src/federation/invite.ts'
import { revoke } from '../../src/federation/revocation.ts'
import { withPeerId } from './network/addresses.ts'
import type { InviteOptions } from './types.ts'
import type { Manifest } from '../../src/federation/manifest/index.ts'
import type { Revocation } from '../../src/federation/revocation.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { PrivateKey } from '@libp2p/interface'

const DEFAULT_EXPIRY_MS = 7 * 24 * 60 * 60 * 1000
const DEFAULT_REASON = 'no reason given'

/** Who issues. */
export interface Issuer {
  manifest: Signed<Manifest>
  key: PrivateKey
  /** Envelope of its own certificate. */
  certificate: Uint8Array
  /** ms since the epoch. */
  now: number
}

/** What an invite says before anybody was asked. */
export interface InviteSummary {
  /** The invite without white space. */
  text: string
  federation: string
  name: string
  role: 'member' | 'admin'
  /** ms since the epoch. */
  expiresAt: number
  maxUses: number
  /** Multiaddrs. */
  addresses: string[]
}

/**
 * Read an invite without asking anybody. Its signature is checked, its expiry is not.
 *
 * @throws {TamperedError} not an invite, incomplete, or changed
 */
export async function readInvite(text: string): Promise<InviteSummary> {
  const { capability, addresses } = await parseInvite(text)
  const { federation, name, role, expiresAt, maxUses } = capability.value
  const compact = text.replace(/\s/g, '')
  return { text: compact, federation: federation.toString(), name, role, expiresAt, maxUses, addresses }
}

/** An invite cannot be made without a way to reach anybody. */
export class NoAddressError extends Error {
  static override name = 'NoAddressError'

  constructor() {
    super(
      'An invite needs an address at which a member can be reached: start the peer first, or name one (--address)'
    )
    this.name = 'NoAddressError'
  }
}

/**
 * Make an invite, as text to paste.
 *
 * @throws {NotAllowedError} the manifest does not let this peer invite, or not for this role
 * @throws {NoAddressError} no address is given
 */
export async function makeInvite(issuer: Issuer, options: InviteOptions): Promise<string> {
  const { manifest, key, certificate, now } = issuer
  const { role = 'member', expiresInMs = DEFAULT_EXPIRY_MS, maxUses = 1, addresses = [] } = options
  if (addresses.length === 0) throw new NoAddressError()
  const own = await verifyCertificate({ certificate, manifest })
  checkGrant(manifest.value, own.role, role)
  const invite = await createInvite({
    manifest,
    issuerKey: key,
    issuerCertificate: namedRole(manifest.value, own.member) == null ? certificate : null,
    role,
    expiresAt: Math.floor(now + expiresInMs),
    maxUses,
    addresses: addresses.slice(0, MAX_INVITE_ADDRESSES).map((address) => withPeerId(address, own.member)),
    seed: new Uint8Array(randomBytes(SEED_BYTES))
  })
  return encodeInvite(invite)
}

/**
 * Sign a revocation of an invite (its text, or its id) or of a member.
 *
 * @throws {TamperedError | NotAllowedError} the invite cannot be read
 */
export async function makeRevocation(
  { manifest, key, now }: Issuer,
  target: { invite: string } | { peerId: string }
): Promise<Signed<Revocation>> {
  const revoked = 'invite' in target ? { invite: await inviteCid(target.invite) } : { member: target.peerId }
  return await revoke({ federation: manifest.cid, target: revoked, reason: DEFAULT_REASON, time: now }, key)
}

async function inviteCid(text: string): Promise<CID> {
  if (text.trim().startsWith('murmur:')) return (await parseInvite(text)).capability.cid
  try {
    return CID.parse(text.trim())
  } catch (cause) {
    throw new NotAllowedError(
      `"${text}" is neither an invite nor the id of one: paste the invite, or its id`,
      { cause }
    )
  }
}
