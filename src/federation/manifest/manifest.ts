/** The signed manifest: founding makes one, opening checks one that came from somebody else. */
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { open, seal } from '../signed.ts'
import { problemsOf } from './check.ts'
import { InvalidManifestError } from './errors.ts'
import { manifestDraftSchema, manifestSchema } from './schema.ts'
import type { CheckedDraft } from './check.ts'
import type { Manifest, ManifestDraft } from './schema.ts'
import type { Signed, SignedType } from '../signed.ts'
import type { PrivateKey } from '@libp2p/interface'

/** Bytes that make the ids of two federations with equal manifests differ. */
export const NONCE_BYTES = 16

/** The founder signs it; its CID is the federation's id. */
export const manifestType: SignedType<Manifest> = {
  name: 'manifest',
  domain: 'murmuration-manifest',
  schema: manifestSchema,
  maxBytes: 2 * 1024 * 1024
}

/** What founding takes. */
export interface FoundingInit {
  draft: ManifestDraft
  founderKey: PrivateKey
  /** ms since the epoch. */
  now: number
  /** `NONCE_BYTES` random bytes. */
  nonce: Uint8Array
}

/**
 * Found a federation: fill in the defaults, fix founder and time, sign. `cid` of the result is the federation's id.
 *
 * @throws {InvalidManifestError} parts of the draft do not fit each other
 * @throws {InvalidRecordError} the draft is not of the schema
 */
export async function founding(init: FoundingInit): Promise<Signed<Manifest>> {
  const { now, nonce, founderKey } = init
  if (nonce.byteLength !== NONCE_BYTES) {
    throw new RangeError(`The nonce has ${nonce.byteLength} bytes, expected ${NONCE_BYTES}`)
  }
  const draft = sound(manifestDraftSchema.parse(init.draft))
  const founder = peerIdFromPrivateKey(founderKey).toString()
  return seal(
    manifestType,
    { ...withoutUndefined(draft), version: 1, founder, createdAt: now, nonce },
    founderKey
  )
}

/**
 * Open an untrusted manifest. The caller compares `cid` with the federation it wants.
 *
 * @throws {InvalidSignatureError} changed after signing
 * @throws {InvalidRecordError} not a manifest
 * @throws {InvalidManifestError} not signed by its founder, or parts that do not fit each other
 */
export async function openManifest(bytes: Uint8Array): Promise<Signed<Manifest>> {
  const signed = await open(manifestType, bytes)
  const { value, author } = signed
  if (author !== value.founder) {
    const message = `it is signed by ${author}, but its founder is ${value.founder}: get it from another member`
    throw new InvalidManifestError([{ path: ['founder'], message }])
  }
  sound(value)
  return signed
}

/** The founder's choices in a manifest: what founding was given, defaults filled in. */
export function draftOf(manifest: Manifest): CheckedDraft {
  const { version: _version, founder: _founder, createdAt: _createdAt, nonce: _nonce, ...draft } = manifest
  return draft
}

function sound<T extends CheckedDraft>(draft: T): T {
  const problems = problemsOf(draft)
  if (problems.length > 0) throw new InvalidManifestError(problems)
  return draft
}

/** A key that is there with `undefined` is not DAG-CBOR: optional settings that were left out are left out. */
function withoutUndefined<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutUndefined) as T
  if (!isPlain(value)) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutUndefined(inner)])) as T
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value != null && Object.getPrototypeOf(value) === Object.prototype
}
