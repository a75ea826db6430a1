/**
 * Messages on a stream: DAG-CBOR records, each prefixed by its length as a varint, read through a schema and a cap.
 *
 * Either side may answer with a refusal frame in place of what is expected: reading it throws `RefusedError`.
 */
import { lpStream } from '@libp2p/utils'
import { z } from 'zod'
import { decode, encode, InvalidRecordError, parse } from '../../src/federation/cbor.ts'
import { FrameLengthError, RefusedError } from './errors.ts'
import { refusalFrameSchema } from './refusal.ts'
import type { AbortOptions, Stream } from '@libp2p/interface'
import type { RecordSchema } from '../../src/federation/cbor.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Reads and writes records on one stream. Only one `read` may be pending at a time. */
export interface Frames {
  /**
   * The next record.
   *
   * @throws {RefusedError} the other side refused
   * @throws {InvalidRecordError} not of the schema
   * @throws {FrameLengthError} its length is more than a frame may have, or no length
   * @throws {UnexpectedEOFError} the stream ended
   */
  read<T>(type: RecordSchema<T>, options?: AbortOptions): Promise<T>
  /** Resolves when the transport has taken the record. */
  write(value: unknown, options?: AbortOptions): Promise<void>
}

/** Did the other side send what is no frame of the protocol? (A stream that ends in the middle is no such thing.) */
export function isUnreadable(error: unknown): boolean {
  return error instanceof InvalidRecordError || error instanceof FrameLengthError
}

/** A varint of four bytes reaches 256 MiB, more than any frame may have. */
const MAX_PREFIX_BYTES = 4

/** Anything canonical: what it is gets decided after looking for a refusal. */
const anything = z.unknown()

/**
 * Speak in frames.
 *
 * @param maxBytes - the largest frame accepted; a larger one fails before it is buffered
 */
export function frames(stream: Stream, maxBytes: number): Frames {
  const lp = lpStream(stream, {
    maxBufferSize: bufferBytes(maxBytes),
    lengthDecoder: (prefix) => readLength(prefix, maxBytes)
  })
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

/**
 * An unsigned varint: https://github.com/multiformats/unsigned-varint
 *
 * A RangeError makes libp2p's reader (7.4.1) fetch one more byte and try again. Its own decoder throws that for every
 * prefix that does not end, however long: half a megabyte of 0xff kept the event loop busy for seconds, since nothing
 * else runs between bytes that are here already.
 */
function readLength(prefix: Uint8Array | Uint8ArrayList, maxBytes: number): number {
  let length = 0
  for (let i = 0; i < prefix.byteLength; i++) {
    const byte = prefix instanceof Uint8Array ? prefix[i] : prefix.get(i)
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (length > maxBytes || i >= MAX_PREFIX_BYTES) throw new FrameLengthError(length, maxBytes)
    if (byte < 0x80) return length
  }
  throw new RangeError('The prefix goes on')
}

/** Room for whole frames that arrive while the previous one is handled; a stream that sends more is reset. */
function bufferBytes(maxBytes: number): number {
  return Math.max(1024 * 1024, 2 * maxBytes)
}
