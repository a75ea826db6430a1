// float32 to and from two bytes: the bits of src/codecs/fp16.ts and bf16.ts, whose plain loops say what they are. All counts
// are multiples of 8.

// @ts-ignore: decorator
@inline
const INFINITE: i32 = 0x7f800000

// @ts-ignore: decorator
@inline
function magnitudeOf(bits: v128): v128 {
  return v128.and(bits, i32x4.splat(0x7fffffff))
}

/** Sixteen bits of each lane, four values after four, from a magnitude in them and the sign of the float32. */
// @ts-ignore: decorator
@inline
function signed(magnitude: v128, bits: v128): v128 {
  return v128.or(magnitude, v128.and(i32x4.shr_u(bits, 16), i32x4.splat(0x8000)))
}

/** fp16, or bf16 if not. */
// @ts-ignore: decorator
@inline
function encode(isFp16: bool, values: usize, count: i32, out: usize): void {
  for (let i = 0; i < count; i += 8) {
    const low = v128.load(values + i * 4), high = v128.load(values + i * 4, 16)
    const halves = isFp16 ? i16x8.narrow_i32x4_u(toFp16(low), toFp16(high)) : i16x8.narrow_i32x4_u(toBf16(low), toBf16(high))
    v128.store(out + i * 2, halves)
  }
}

// @ts-ignore: decorator
@inline
function decode(isFp16: bool, from: usize, count: i32, values: usize): void {
  for (let i = 0; i < count; i += 8) {
    const halves = v128.load(from + i * 2)
    const low = i32x4.extend_low_i16x8_u(halves), high = i32x4.extend_high_i16x8_u(halves)
    v128.store(values + i * 4, isFp16 ? fromFp16(low) : fromBf16(low))
    v128.store(values + i * 4, isFp16 ? fromFp16(high) : fromBf16(high), 16)
  }
}

export function encodeFp16(values: usize, count: i32, out: usize): void {
  encode(true, values, count, out)
}

export function decodeFp16(from: usize, count: i32, values: usize): void {
  decode(true, from, count, values)
}

export function encodeBf16(values: usize, count: i32, out: usize): void {
  encode(false, values, count, out)
}

export function decodeBf16(from: usize, count: i32, values: usize): void {
  decode(false, from, count, values)
}

// @ts-ignore: decorator
@inline
function toFp16(bits: v128): v128 {
  const magnitude = magnitudeOf(bits)
  const isOdd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1))
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, i32x4.splat(0x0fff - 0x38000000)), isOdd), 13)
  // Beside a half, a float32's last bit is worth 2^-24, as the last bit of a subnormal half: the addition rounds.
  const half = f32x4.splat(0.5)
  const subnormal = i32x4.sub(f32x4.add(magnitude, half), half)
  let found = v128.bitselect(subnormal, normal, i32x4.lt_s(magnitude, i32x4.splat(0x38800000)))
  found = v128.bitselect(i32x4.splat(0x7bff), found, i32x4.ge_s(magnitude, i32x4.splat(0x477ff000)))
  found = v128.bitselect(i32x4.splat(0x7c00), found, i32x4.eq(magnitude, i32x4.splat(INFINITE)))
  found = v128.bitselect(i32x4.splat(0x7e00), found, i32x4.gt_s(magnitude, i32x4.splat(INFINITE)))
  return signed(found, bits)
}

// @ts-ignore: decorator
@inline
function fromFp16(half: v128): v128 {
  const magnitude = i32x4.shl(v128.and(half, i32x4.splat(0x7fff)), 13)
  const exponent = i32x4.splat(0x7c00)
  const isFinite = i32x4.ne(v128.and(half, exponent), exponent)
  const bits = v128.or(magnitude, v128.andnot(i32x4.splat(INFINITE), isFinite))
  const sign = i32x4.shl(v128.and(half, i32x4.splat(0x8000)), 16)
  // Undoes the bias of the exponent, for normal and subnormal halves alike: 2^(127 - 15).
  return f32x4.mul(v128.or(bits, sign), f32x4.splat(5.192296858534828e33))
}

// @ts-ignore: decorator
@inline
function toBf16(bits: v128): v128 {
  const magnitude = magnitudeOf(bits)
  const isOdd = v128.and(i32x4.shr_u(magnitude, 16), i32x4.splat(1))
  const nearest = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, i32x4.splat(0x7fff)), isOdd), 16)
  let found = i32x4.min_s(nearest, i32x4.splat(0x7f7f))
  found = v128.bitselect(i32x4.splat(0x7f80), found, i32x4.eq(magnitude, i32x4.splat(INFINITE)))
  found = v128.bitselect(i32x4.splat(0x7fc0), found, i32x4.gt_s(magnitude, i32x4.splat(INFINITE)))
  return signed(found, bits)
}

// @ts-ignore: decorator
@inline
function fromBf16(half: v128): v128 {
  return i32x4.shl(half, 16)
}
