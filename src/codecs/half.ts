/** What the codecs of two bytes a value share: they differ in which bits they keep. */
import { conversion } from '../compute/vectors/conversion.ts'
import { floatBuffer } from './buffer.ts'
import { checkRange, readExactly } from './read.ts'
import type { Codec } from './codec.ts'

const BYTES = 2

export interface HalfFormat {
  name: 'fp16' | 'bf16'
  /** The bits of a float32, as an int32 → the 16 bits of the nearest value, ties to even. */
  narrow(bits: number): number
  /** Reads `out.length` values, two bytes each, little endian. */
  widen(bytes: Uint8Array, out: Float32Array): void
}

export function halfCodec(format: HalfFormat): Codec {
  const { name, widen } = format
  return {
    name,
    errorFeedback: false,
    sizeBytes: (length) => length * BYTES,
    span: ({ from, to }) => ({ offset: from * BYTES, length: (to - from) * BYTES }),
    encode(delta) {
      const bytes = new Uint8Array(delta.length * BYTES)
      const kernel = conversion(name)
      if (kernel != null) kernel.encode(delta, bytes)
      else plainNarrow(format, delta, bytes)
      return bytes
    },
    decode(payload, length) {
      const buffer = floatBuffer()
      return async (start, count) => {
        checkRange(start, count, length)
        const out = buffer(count).subarray(0, count)
        const bytes = await readExactly(payload, start * BYTES, count * BYTES)
        const kernel = conversion(name)
        if (kernel != null) kernel.decode(bytes, out)
        else widen(bytes, out)
        return out
      }
    }
  }
}

/** The reference: value by value. */
export function plainNarrow({ narrow }: HalfFormat, delta: Float32Array, bytes: Uint8Array): void {
  const bits = new Int32Array(delta.buffer, delta.byteOffset, delta.length)
  for (let i = 0; i < bits.length; i++) {
    const half = narrow(bits[i])
    bytes[BYTES * i] = half
    bytes[BYTES * i + 1] = half >>> 8
  }
}
