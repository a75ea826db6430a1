/** What is said on a ledger stream: one request, then the frames of the answer. */
import { z } from 'zod'
import { bytesField, cidField, countField } from '../../src/federation/fields.ts'
import { commitType, proposalType, recordKinds } from '../../src/federation/records.ts'
import {
  MAX_ANSWER_BYTES,
  MAX_FRAME_BYTES,
  MAX_HAVE,
  MAX_REQUEST_BYTES,
  RECORD_ID_BYTES
} from './constants.ts'
import type { RecordSchema } from '../../src/federation/cbor.ts'

const requestSchema = z.strictObject({
  federation: cidField,
  /** Of the requester's latest commit; 0: it has the manifest only. */
  height: countField,
  /** Ids (see ids.ts) of the current round's records that the requester has. */
  have: z.array(bytesField(RECORD_ID_BYTES)).max(MAX_HAVE),
  /** The answer carries no more, but always at least one commit or record that is wanted; 0: the head only. */
  maxBytes: z.int().min(0).max(MAX_ANSWER_BYTES)
})

const frameSchema = z.discriminatedUnion('type', [
  /** Always first: the responder's latest commit; height 0 with the federation's CID when it has none. */
  z.strictObject({ type: z.literal('head'), height: countField, cid: cidField }),
  /** Ascending, the first one following the requester's height. */
  z.strictObject({ type: z.literal('commit'), bytes: bytesField(commitType.maxBytes) }),
  /** Of the round that follows the head; sent once the requester has all commits. */
  z.strictObject({
    type: z.literal('record'),
    kind: z.enum(recordKinds),
    bytes: bytesField(proposalType.maxBytes + 256)
  }),
  /** Always last. `more`: the answer was cut at `maxBytes`; ask again. */
  z.strictObject({ type: z.literal('end'), more: z.boolean() })
])

export type LedgerRequest = z.output<typeof requestSchema>
export type WireFrame = z.output<typeof frameSchema>

export const requestType: RecordSchema<LedgerRequest> = {
  name: 'ledger request',
  schema: requestSchema,
  maxBytes: MAX_REQUEST_BYTES
}
export const frameType: RecordSchema<WireFrame> = {
  name: 'ledger frame',
  schema: frameSchema,
  maxBytes: MAX_FRAME_BYTES
}
