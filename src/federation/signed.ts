/**
 * Signed records: a DAG-CBOR payload in libp2p's signed envelope (domain-separated, by the author's key).
 *
 * Spec: https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md
 */
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { equals } from 'uint8arrays/equals'
import { cidOf, decode, encode, InvalidRecordError } from './cbor.ts'
import type { RecordSchema } from './cbor.ts'
import type { PrivateKey } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** A kind of signed record. `domain` separates its signatures from those of every other kind. */
export interface SignedType<T> extends RecordSchema<T> {
  domain: string
  /** The peer that the value itself names as its author, which then must be the signer. */
  authorOf?(value: T): string
}

/** A record whose signature was checked (or just made). */
export interface Signed<T> {
  value: T
  /** Peer id (text) of the signer. */
  author: string
  /** Address of the payload, not of the envelope: the same for every valid signature of the same value. */
  cid: CID
  /** The marshalled envelope: what travels and what is stored. */
  bytes: Uint8Array
}

/** An envelope that does not open: bad signature, wrong domain, unreadable. */
export class InvalidSignatureError extends Error {
  static override name = 'InvalidSignatureError'

  constructor(what: string, options?: ErrorOptions) {
    super(
      `The signature of this ${what} does not hold: it was changed after signing, or made for something else`,
      options
    )
    this.name = 'InvalidSignatureError'
  }
}

/** Envelope overhead: key, type, signature and protobuf framing. */
const ENVELOPE_OVERHEAD_BYTES = 256

/** The most bytes that an envelope of this type may have. */
export function maxEnvelopeBytes({ maxBytes }: Pick<SignedType<unknown>, 'maxBytes'>): number {
  return maxBytes + ENVELOPE_OVERHEAD_BYTES
}

/** Sign a value. The value is checked first, so nothing invalid is ever signed. */
export async function seal<T>(type: SignedType<T>, value: T, key: PrivateKey): Promise<Signed<T>> {
  const payload = encode(value)
  decode(type, payload)
  const codec = payloadType(type)
  const record = { domain: type.domain, codec, marshal: () => payload, equals: () => false }
  const envelope = await RecordEnvelope.seal(record, key)
  const author = signerOf(type, envelope, value)
  return { value, author, cid: await cidOf(payload), bytes: envelope.marshal() }
}

/**
 * Open an untrusted envelope.
 *
 * @throws {InvalidSignatureError} the signature does not hold
 * @throws {InvalidRecordError} the payload is not of the schema, or names another author than its signer, or the
 * envelope is not encoded as `seal()` does
 */
export async function open<T>(type: SignedType<T>, bytes: Uint8Array): Promise<Signed<T>> {
  if (bytes.byteLength > maxEnvelopeBytes(type)) {
    throw new InvalidRecordError(type.name, `${bytes.byteLength} bytes, at most ${type.maxBytes} expected`)
  }
  const envelope = await openEnvelope(type, bytes)
  // Protobuf has many encodings of one message: whoever passes an envelope on must not be able to make another of it.
  if (!equals(envelope.marshal(), bytes))
    throw new InvalidRecordError(type.name, 'its envelope is not canonical')
  const payload = envelope.payload.subarray()
  const value = decode(type, payload)
  return { value, author: signerOf(type, envelope, value), cid: await cidOf(payload), bytes }
}

/**
 * The value in an envelope that was opened before, its signature not checked again: for records of this peer's own
 * ledger.
 *
 * @throws {InvalidRecordError} no envelope, or the payload is not of the schema
 */
export function reopen<T>(type: SignedType<T>, bytes: Uint8Array): T {
  return decode(type, payloadOf(type, bytes))
}

/**
 * Who signed an envelope that was opened before.
 *
 * @throws {Error} no envelope
 */
export function signerAgain(bytes: Uint8Array): string {
  return peerIdFromPublicKey(RecordEnvelope.createFromProtobuf(bytes).publicKey).toString()
}

function payloadOf<T>(type: SignedType<T>, bytes: Uint8Array): Uint8Array {
  try {
    return RecordEnvelope.createFromProtobuf(bytes).payload.subarray()
  } catch (cause) {
    throw new InvalidRecordError(type.name, `no signed envelope (${(cause as Error).message})`, { cause })
  }
}

function signerOf<T>(type: SignedType<T>, { publicKey }: RecordEnvelope, value: T): string {
  const signer = peerIdFromPublicKey(publicKey).toString()
  const author = type.authorOf?.(value) ?? signer
  if (author === signer) return signer
  throw new InvalidRecordError(type.name, `it is signed by ${signer}, but its author is ${author}`)
}

async function openEnvelope<T>(type: SignedType<T>, bytes: Uint8Array): Promise<RecordEnvelope> {
  try {
    return await RecordEnvelope.openAndCertify(bytes, type.domain)
  } catch (cause) {
    throw new InvalidSignatureError(type.name, { cause })
  }
}

function payloadType<T>(type: SignedType<T>): Uint8Array {
  return new TextEncoder().encode(`/${type.domain}`)
}
