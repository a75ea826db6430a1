/** fp32: little-endian IEEE 754 binary32, lossless. */
import { floatsFromBytes, floatsToBytes } from '../vectors.ts'
import { checkRange, readExactly } from './read.ts'
import type { ByteReader, Codec, VectorReader } from './codec.ts'

const BYTES = Float32Array.BYTES_PER_ELEMENT

export const fp32: Codec = {
  name: 'fp32',
  errorFeedback: false,
  sizeBytes: (length) => length * BYTES,
  span: ({ from, to }) => ({ offset: from * BYTES, length: (to - from) * BYTES }),
  encode: floatsToBytes,
  decode(payload: ByteReader, length: number): VectorReader {
    return async (start, count) => {
      checkRange(start, count, length)
      return floatsFromBytes(await readExactly(payload, start * BYTES, count * BYTES))
    }
  }
}
