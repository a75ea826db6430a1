/**
 * How records are named when saying which ones one has: by the hash of the envelope.
 *
 * Not by the payload's CID: the votes of all members for one body have the same payload. Signatures are deterministic
 * (Ed25519), so honest peers hold the same bytes; if somebody wraps a record differently it only travels once more.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { toString } from 'uint8arrays/to-string'
import { RECORD_ID_BYTES } from './constants.ts'

const known = new WeakMap<Uint8Array, Uint8Array>()

/** `RECORD_ID_BYTES` of the envelope's SHA-256; remembered as long as the envelope is. */
export function recordId(envelope: Uint8Array): Uint8Array {
  const id = known.get(envelope) ?? sha256(envelope).slice(0, RECORD_ID_BYTES)
  known.set(envelope, id)
  return id
}

/** As text, for sets. */
export function idText(id: Uint8Array): string {
  return toString(id, 'hex')
}
