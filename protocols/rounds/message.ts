/** What one gossip message is: a kind, and an envelope that holds the signed record. */
import { z } from 'zod'
import { decode, encode } from '../../src/federation/cbor.ts'
import { bytesField } from '../../src/federation/fields.ts'
import { joinType, proposalType, recordKinds, updateType, voteType } from '../../src/federation/records.ts'
import { revocationType } from '../../src/federation/revocation.ts'
import { open } from '../../src/federation/signed.ts'
import { MAX_MESSAGE_BYTES } from './constants.ts'
import { MessageTooLargeError } from './errors.ts'
import type { RecordSchema } from '../../src/federation/cbor.ts'
import type { Join, Proposal, RecordKind, Update, Vote } from '../../src/federation/records.ts'
import type { Revocation } from '../../src/federation/revocation.ts'
import type { Signed } from '../../src/federation/signed.ts'

/** A signed record, unopened. */
export interface SealedRecord {
  kind: RecordKind
  /** The envelope. */
  bytes: Uint8Array
}

/** A record whose signature and schema hold. */
export type OpenedRecord =
  | { kind: 'update'; signed: Signed<Update> }
  | { kind: 'proposal'; signed: Signed<Proposal> }
  | { kind: 'vote'; signed: Signed<Vote> }
  | { kind: 'join'; signed: Signed<Join> }
  | { kind: 'revocation'; signed: Signed<Revocation> }

const messageType: RecordSchema<SealedRecord> = {
  name: 'gossip message',
  schema: z.strictObject({ kind: z.enum(recordKinds), bytes: bytesField(MAX_MESSAGE_BYTES) }),
  maxBytes: MAX_MESSAGE_BYTES
}

/** @throws {MessageTooLargeError} */
export function encodeMessage({ kind, bytes }: SealedRecord): Uint8Array {
  const message = encode({ kind, bytes })
  if (message.byteLength > MAX_MESSAGE_BYTES) {
    throw new MessageTooLargeError(kind, message.byteLength, MAX_MESSAGE_BYTES)
  }
  return message
}

/**
 * Open an untrusted message: the one place where a gossiped signature is checked.
 *
 * @throws {InvalidRecordError} not a message, or the record is not of its schema
 * @throws {InvalidSignatureError} the signature does not hold
 */
export async function openMessage(data: Uint8Array): Promise<OpenedRecord> {
  const { kind, bytes } = decode(messageType, data)
  switch (kind) {
    case 'update':
      return { kind, signed: await open(updateType, bytes) }
    case 'proposal':
      return { kind, signed: await open(proposalType, bytes) }
    case 'vote':
      return { kind, signed: await open(voteType, bytes) }
    case 'join':
      return { kind, signed: await open(joinType, bytes) }
    case 'revocation':
      return { kind, signed: await open(revocationType, bytes) }
  }
}

/** The height a record belongs to; null for wishes, which belong to none. */
export function heightOfRecord(record: OpenedRecord): number | null {
  return 'height' in record.signed.value ? record.signed.value.height : null
}
