/** bf16: the upper half of a float32, two bytes a value: its whole range, relative error 2⁻⁸. */
import { halfCodec } from './half.ts'
import type { HalfFormat } from './half.ts'

const INFINITE = 0x7f800000
/** The largest finite value. */
const LARGEST = 0x7f7f

/** Its plain loops are the reference of the kernel. */
export const bf16Format: HalfFormat = { name: 'bf16', narrow, widen }

export const bf16 = halfCodec(bf16Format)

function narrow(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  // NaN and infinity stay what they are, so that nobody takes them for numbers.
  if (magnitude > INFINITE) return sign | 0x7fc0
  if (magnitude === INFINITE) return sign | 0x7f80
  const half = (magnitude + 0x7fff + ((magnitude >>> 16) & 1)) >>> 16
  return sign | (half > LARGEST ? LARGEST : half)
}

function widen(bytes: Uint8Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < bits.length; i++) bits[i] = (bytes[2 * i] << 16) | (bytes[2 * i + 1] << 24)
}
