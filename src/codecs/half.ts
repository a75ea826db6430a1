/** What the codecs of two bytes a value share: they differ in which bits they keep. */
import { floatBuffer } from './buffer.ts'
import { checkRange, readExactly } from './read.ts'
import type { Codec } from './codec.ts'

const BYTES = 2

export interface HalfFormat {
  name: string
  /** The bits of a float32, as an int32 → the 16 bits of the nearest value, ties to even. */
  narrow(bits: number): number
  /** Reads `out.length` values, two bytes each, little endian. */
  widen(bytes: Uint8Array, out: Float32Array): void
}

export function halfCodec({ name, narrow, widen }: HalfFormat): Codec {
  return {
    name,
    errorFeedback: false,
    sizeBytes: (length) => length * BYTES,
    span: ({ from, to }) => ({ offset: from * BYTES, length: (to - from) * BYTES }),
    encode(delta) {
      const bits = new Int32Array(delta.buffer, delta.byteOffset, delta.length)
      const bytes = new Uint8Array(delta.length * BYTES)
      for (let i = 0; i < bits.length; i++) {
        const half = narrow(bits[i])
        bytes[BYTES * i] = half
        bytes[BYTES * i + 1] = half >>> 8
      }
      return bytes
    },
    decode(payload, length) {
      const buffer = floatBuffer()
      return async (start, count) => {
        checkRange(start, count, length)
        const out = buffer(count).subarray(0, count)
        widen(await readExactly(payload, start * BYTES, count * BYTES), out)
        return out
      }
    }
  }
}
