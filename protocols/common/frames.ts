/**
 * Messages on a stream: DAG-CBOR records, each prefixed by its length as a varint, read through a schema and a cap.
 *
 * Either side may answer with a refusal frame in place of what is expected: reading it throws `RefusedError`.
 */
import { lpStream } from '@libp2p/utils'
import { z } from 'zod'
import { decode, encode, parse } from '../../src/federation/cbor.ts'
import { RefusedError } from './errors.ts'
import { refusalFrameSchema } from './refusal.ts'
import type { AbortOptions, Stream } from '@libp2p/interface'
import type { RecordSchema } from '../../src/federation/cbor.ts'

/** Reads and writes records on one stream. Only one `read` may be pending at a time. */
export interface Frames {
  /**
   * The next record.
   *
   * @throws {RefusedError} the other side refused
   * @throws {InvalidRecordError} not of the schema
   * @throws {UnexpectedEOFError} the stream ended
   */
  read<T>(type: RecordSchema<T>, options?: AbortOptions): Promise<T>
  /** Resolves when the transport has taken the record. */
  write(value: unknown, options?: AbortOptions): Promise<void>
}

/** Anything canonical: what it is gets decided after looking for a refusal. */
const anything = z.unknown()

/**
 * Speak in frames.
 *
 * @param maxBytes - the largest frame accepted; a larger one fails before it is buffered
 */
export function frames(stream: Stream, maxBytes: number): Frames {
  const lp = lpStream(stream, { maxDataLength: maxBytes, maxBufferSize: bufferBytes(maxBytes) })
  return {
    async read(type, options) {
      const bytes = (await lp.read(options)).subarray()
      const value = decode({ name: type.name, schema: anything, maxBytes: type.maxBytes }, bytes)
      const refusal = refusalFrameSchema.safeParse(value)
      if (refusal.success) throw new RefusedError(refusal.data.refused)
      return parse(type, value)
    },
    async write(value, options) {
      await lp.write(encode(value), options)
    }
  }
}

/** Room for whole frames that arrive while the previous one is handled; a stream that sends more is reset. */
function bufferBytes(maxBytes: number): number {
  return Math.max(1024 * 1024, 2 * maxBytes)
}
