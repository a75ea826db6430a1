/** Schemas of the small values that records share, each with its cap. */
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { z } from 'zod'

/** The first and the last Ed25519 peer id: an identity multihash of a protobuf of any 32 bytes, in base58. */
const [FIRST_PEER_ID, LAST_PEER_ID] = [0x00, 0xff].map((byte) =>
  base58btc
    .encode(Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20, ...new Uint8Array(32).fill(byte)))
    .slice(1)
)

/** An Ed25519 peer id in its usual text form. The public key is inside, so signatures verify from the id alone. */
export const peerIdField = z
  .string()
  .regex(/^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/, 'expected an Ed25519 peer id (12D3Koo…)')
  // Of equal length, text and bytes are in the same order. Others have the form only, and no peer can have them.
  .refine((id) => id >= FIRST_PEER_ID && id <= LAST_PEER_ID, 'expected the peer id of an Ed25519 key')

/** A CIDv1 with a 32-byte sha2-256 hash. */
export const cidField = z.custom<CID>((value) => {
  const cid = isPlain(value) ? null : CID.asCID(value)
  return cid != null && cid.version === 1 && cid.multihash.code === 0x12 && cid.multihash.size === 32
}, 'expected a CIDv1 with a sha2-256 hash')

/** Duck typing would take a map with the keys of a CID for one, which has none of its methods. */
function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value != null && Object.getPrototypeOf(value) === Object.prototype
}

/** Text a person wrote: bounded, no control characters, so that a terminal can print it safely. */
export const textField = (maxLength: number): z.ZodString =>
  z
    .string()
    .max(maxLength)
    .regex(
      /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$/,
      'expected text without control characters'
    )

/** A safe non-negative integer. */
export const countField = z.int().min(0)

/** The latest instant that a date can have (ECMA-262, section 21.4.1.1): what is later cannot even be shown. */
const MAX_TIME_MS = 8.64e15

/** Milliseconds since the Unix epoch. */
export const timeField = z.int().min(0).max(MAX_TIME_MS)

/** A finite number: DAG-CBOR has no NaN or Infinity. */
export const realField = z.number()

/** Opaque bytes up to a cap. */
export const bytesField = (maxBytes: number): z.ZodType<Uint8Array> =>
  z.custom<Uint8Array>(
    (v) => v instanceof Uint8Array && v.byteLength <= maxBytes,
    `expected at most ${maxBytes} bytes`
  )

/** A libp2p multiaddr in text form; its syntax is checked where it is dialled. */
export const multiaddrField = z.string().min(2).max(512).startsWith('/')
