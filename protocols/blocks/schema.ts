/**
 * What travels on a stream, as length-prefixed DAG-CBOR frames:
 *
 * - puller → holder: `{ want: [CID, …] }`, any number of times;
 * - holder → puller, one answer per CID, in the order asked: `{ size }` followed by that many raw bytes, or
 *   `{ missing: true }`; or once `{ refused: { code, message } }`, which ends the stream.
 */
import { z } from 'zod'
import { MAX_BLOCK_BYTES } from '../../src/blocks/limits.ts'
import { cidField } from '../../src/federation/fields.ts'
import { refusalFrameSchema } from '../common/refusal.ts'
import { MAX_ANSWER_BYTES, MAX_REQUEST_BYTES, MAX_WANTS_PER_FRAME } from './constants.ts'
import type { RecordSchema } from '../../src/federation/cbor.ts'

const requestSchema = z.strictObject({ want: z.array(cidField).min(1).max(MAX_WANTS_PER_FRAME) })

const answerSchema = z.union([
  z.strictObject({ size: z.int().min(0).max(MAX_BLOCK_BYTES) }),
  z.strictObject({ missing: z.literal(true) }),
  refusalFrameSchema
])

export type Request = z.output<typeof requestSchema>
export type Answer = z.output<typeof answerSchema>

export const requestType: RecordSchema<Request> = {
  name: 'block request',
  schema: requestSchema,
  maxBytes: MAX_REQUEST_BYTES
}

export const answerType: RecordSchema<Answer> = {
  name: 'block answer',
  schema: answerSchema,
  maxBytes: MAX_ANSWER_BYTES
}
