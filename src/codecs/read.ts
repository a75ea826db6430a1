/** What every decoder checks, so that damage is an error and never a number. */
import { PayloadLengthError, VectorRangeError } from './errors.ts'
import type { ByteReader } from './codec.ts'

/** @throws {VectorRangeError} `start` and `count` do not name part of a vector of `length` values */
export function checkRange(start: number, count: number, length: number): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(count)
  if (!whole || start < 0 || count < 0 || start + count > length) {
    throw new VectorRangeError(start, count, length)
  }
}

/** Of a payload that is in memory as a whole. */
export function bytesReader(payload: Uint8Array): ByteReader {
  return async (offset, length) => payload.subarray(offset, offset + length)
}

/** @throws {PayloadLengthError} the reader gave another number of bytes */
export async function readExactly(payload: ByteReader, offset: number, length: number): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0)
  const bytes = await payload(offset, length)
  if (bytes.byteLength !== length) throw new PayloadLengthError(offset, bytes.byteLength, length)
  return bytes
}
