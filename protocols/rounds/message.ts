/** What one gossip message is: a kind, and an envelope that holds the signed record. */
import { z } from 'zod'
import { decode, encode } from '../../src/federation/cbor.ts'
import { bytesField } from '../../src/federation/fields.ts'
import { recordKinds } from '../../src/federation/records.ts'
import { openRecord } from '../../src/federation/sealed.ts'
import { MAX_MESSAGE_BYTES } from './constants.ts'
import { MessageTooLargeError } from './errors.ts'
import type { RecordSchema } from '../../src/federation/cbor.ts'
import type { OpenRecord, SealedRecord } from '../../src/federation/sealed.ts'

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
export async function openMessage(data: Uint8Array): Promise<OpenRecord> {
  return await openRecord(decode(messageType, data))
}

/** The height a record belongs to; null for wishes, which belong to none. */
export function heightOfRecord(record: OpenRecord): number | null {
  return 'height' in record.signed.value ? record.signed.value.height : null
}
