/**
 * The one encoding: DAG-CBOR, read through a schema and a size cap, addressed by CIDv1 (sha2-256).
 *
 * Spec: https://ipld.io/specs/codecs/dag-cbor/spec/
 */
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { equals } from 'uint8arrays/equals'
import { isDeeperThan } from './nesting.ts'
import { printable } from '../printable.ts'
import type { z } from 'zod'

/** Arrays, maps and links in each other, at most: several times what the deepest record (a manifest) has. */
export const MAX_NESTING = 32
/** What a message says of one violation. */
const MAX_ISSUE_CHARACTERS = 200

/** A content-addressed piece of data: `cid` is the hash of exactly `bytes`. */
export interface Block {
  cid: CID
  bytes: Uint8Array
}

/** Bytes that are not what a schema says. The message names the place, what was expected and what was found. */
export class InvalidRecordError extends Error {
  static override name = 'InvalidRecordError'

  constructor(what: string, reason: string, options?: ErrorOptions) {
    super(`Not a valid ${what}: ${reason}`, options)
    this.name = 'InvalidRecordError'
  }
}

/** What a decoder needs to know: the name for messages, the shape, and the most bytes it will look at. */
export interface RecordSchema<T> {
  name: string
  schema: z.ZodType<T>
  maxBytes: number
}

/** Encode a value canonically. */
export function encode(value: unknown): Uint8Array {
  const bytes: Uint8Array = dagCbor.encode(value)
  // On Node this may be a Buffer, whose slice() is no copy.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Decode and check untrusted bytes.
 *
 * @throws {InvalidRecordError} too large, not DAG-CBOR, not canonical, or not of the schema
 */
export function decode<T>(type: RecordSchema<T>, bytes: Uint8Array): T {
  if (bytes.byteLength > type.maxBytes) {
    throw new InvalidRecordError(type.name, `${bytes.byteLength} bytes, at most ${type.maxBytes} expected`)
  }
  const value = decodeCanonical(type.name, bytes)
  return parse(type, value)
}

/** Check a value that came from elsewhere than DAG-CBOR (YAML, JSON) against a record's schema. */
export function parse<T>(type: Pick<RecordSchema<T>, 'name' | 'schema'>, value: unknown): T {
  const result = type.schema.safeParse(value)
  if (!result.success) throw new InvalidRecordError(type.name, describeIssues(result.error))
  return result.data
}

/** The first few schema violations as one line: `rounds.deadlineMs: expected number, found string`. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.length > 0 ? issue.path.join('.') : 'value'}: ${issue.message}`)
    .map((text) => printable(text, MAX_ISSUE_CHARACTERS))
    .join('; ')
}

/** The address of DAG-CBOR bytes. */
export async function cidOf(bytes: Uint8Array): Promise<CID> {
  return CID.createV1(dagCbor.code, await sha256.digest(bytes))
}

/** The address of raw bytes (a chunk of a model or of an update). */
export async function rawCidOf(bytes: Uint8Array): Promise<CID> {
  return CID.createV1(raw.code, await sha256.digest(bytes))
}

/** Encode a value and compute its address. */
export async function toBlock(value: unknown): Promise<Block> {
  const bytes = encode(value)
  return { cid: await cidOf(bytes), bytes }
}

/** True when `bytes` hash to `cid`. Only CIDv1 with sha2-256 is ever accepted. */
export async function verifyBlock(cid: CID, bytes: Uint8Array): Promise<boolean> {
  if (cid.multihash.code !== sha256.code) return false
  const digest = await sha256.digest(bytes)
  return equals(digest.bytes, cid.multihash.bytes)
}

function decodeCanonical(name: string, bytes: Uint8Array): unknown {
  if (isDeeperThan(bytes, MAX_NESTING)) {
    throw new InvalidRecordError(name, `nested more than ${MAX_NESTING} deep`)
  }
  const { value, canonical } = attempt(name, () => {
    const value: unknown = dagCbor.decode(bytes)
    // Also fails: maps that only look like a CID decode, but do not encode.
    return { value, canonical: dagCbor.encode(value) }
  })
  if (!equals(canonical, bytes)) throw new InvalidRecordError(name, 'not canonical DAG-CBOR')
  return value
}

function attempt<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new InvalidRecordError(
      name,
      `not DAG-CBOR (${printable((cause as Error).message, MAX_ISSUE_CHARACTERS)})`,
      { cause }
    )
  }
}
