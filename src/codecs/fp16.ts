/**
 * fp16: IEEE 754 binary16, two bytes a value. Relative error 2⁻¹¹ down to 2⁻¹⁴, absolute error 2⁻²⁵ below; what is larger
 * than 65504 becomes 65504.
 */
import { halfCodec } from './half.ts'
import type { HalfFormat } from './half.ts'

/** float32 bits of 2⁻¹⁴, the least normal half; of 65520, from which on a half would be infinite; of infinity. */
const LEAST_NORMAL = 0x38800000
const TOO_LARGE = 0x477ff000
const INFINITE = 0x7f800000
/** float32's exponent is larger by this bias than a half's; as bits. */
const BIAS = 0x38000000
/** Undoes the bias of a half's bits read as a float32's, for normal and subnormal halves alike: 2^(127 − 15). */
const RESCALE = 2 ** 112

/** Its plain loops are the reference of the kernel. */
export const fp16Format: HalfFormat = { name: 'fp16', narrow, widen }

export const fp16 = halfCodec(fp16Format)

function narrow(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude >= TOO_LARGE) return sign | notNormal(magnitude)
  if (magnitude < LEAST_NORMAL) return sign | subnormal(magnitude)
  return sign | ((magnitude - BIAS + 0x0fff + ((magnitude >>> 13) & 1)) >>> 13)
}

/** NaN and infinity stay what they are, so that nobody takes them for numbers. */
function notNormal(magnitude: number): number {
  if (magnitude > INFINITE) return 0x7e00
  return magnitude === INFINITE ? 0x7c00 : 0x7bff
}

/** Whole multiples of 2⁻²⁴. */
function subnormal(magnitude: number): number {
  const shift = 126 - (magnitude >>> 23)
  if (shift > 24) return 0
  const mantissa = (magnitude & 0x7fffff) | 0x800000
  const half = mantissa >>> shift
  const rest = mantissa & ((1 << shift) - 1)
  const tie = 1 << (shift - 1)
  return rest > tie || (rest === tie && (half & 1) === 1) ? half + 1 : half
}

function widen(bytes: Uint8Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < bits.length; i++) {
    const half = bytes[2 * i] | (bytes[2 * i + 1] << 8)
    const magnitude = (half & 0x7fff) << 13
    const isFinite = (half & 0x7c00) !== 0x7c00
    bits[i] = ((half & 0x8000) << 16) | (isFinite ? magnitude : INFINITE | magnitude)
  }
  for (let i = 0; i < out.length; i++) out[i] *= RESCALE
}
