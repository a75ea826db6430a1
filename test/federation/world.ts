/** A small federation for tests: keys from fixed seeds, a clock, and short ways to invite and certify. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { certify, selfCertify } from '../../src/federation/certificate.ts'
import { createInvite } from '../../src/federation/invite.ts'
import { founding, manifestTemplate, parseManifestYaml } from '../../src/federation/manifest/index.ts'
import { revoke } from '../../src/federation/revocation.ts'
import type { Invite } from '../../src/federation/invite.ts'
import type { Manifest, ManifestDraft } from '../../src/federation/manifest/index.ts'
import type { Revocation } from '../../src/federation/revocation.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { PrivateKey } from '@libp2p/interface'

export const NOW = 1_800_000_000_000
export const HOUR_MS = 3_600_000

export interface Person {
  key: PrivateKey
  id: string
  /** Certificate envelope, null before there is one. */
  certificate: Uint8Array | null
}

export interface World {
  manifest: Signed<Manifest>
  founder: Person
}

/** The same number gives the same identity. */
export async function person(number: number): Promise<Person> {
  const key = await generateKeyPairFromSeed('Ed25519', seedOf(number))
  return { key, id: peerIdFromPrivateKey(key).toString(), certificate: null }
}

export function seedOf(number: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => (number >> (8 * (i % 4))) & 0xff)
}

export async function world(
  membership: ManifestDraft['membership'] = {},
  { founderNumber = 1, nonce = 1 } = {}
): Promise<World> {
  const founder = await person(founderNumber)
  const draft = { ...parseManifestYaml(manifestTemplate('digits')), membership }
  const manifest = await founding({
    draft,
    founderKey: founder.key,
    now: NOW,
    nonce: new Uint8Array(16).fill(nonce)
  })
  founder.certificate = (await selfCertify(manifest.cid, founder.id, founder.key)).bytes
  return { manifest, founder }
}

let inviteSeed = 1_000_000

export interface InviteChoices {
  role?: 'member' | 'admin'
  expiresAt?: number
  maxUses?: number
  addresses?: string[]
}

export function invite(
  { manifest, founder }: World,
  issuer: Person,
  choices: InviteChoices = {}
): Promise<Invite> {
  const { role = 'member', expiresAt = NOW + HOUR_MS, maxUses = 1, addresses = [] } = choices
  const named = issuer.id === founder.id || manifest.value.membership.admins.includes(issuer.id)
  return createInvite({
    manifest,
    issuerKey: issuer.key,
    issuerCertificate: named ? null : issuer.certificate,
    role,
    expiresAt,
    maxUses,
    addresses,
    seed: seedOf(inviteSeed++)
  })
}

/** Give a person the certificate that an invite makes; returns its envelope. */
export async function join(who: Person, by: Invite): Promise<Uint8Array> {
  who.certificate = (await certify(by, who.id)).bytes
  return who.certificate
}

export async function revocation(
  { manifest }: World,
  admin: Person,
  target: Revocation['target'],
  reason = 'lost laptop'
): Promise<Uint8Array> {
  return (await revoke({ federation: manifest.cid, target, reason, time: NOW }, admin.key)).bytes
}

/** Run a check on each copy of the bytes in which one bit is flipped, every byte once. */
export async function everyFlip(
  bytes: Uint8Array,
  check: (changed: Uint8Array) => Promise<void>
): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at++) {
    const changed = bytes.slice()
    changed[at] ^= 1 << (at % 8)
    await check(changed)
  }
}
