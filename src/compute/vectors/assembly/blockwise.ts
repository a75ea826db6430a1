// Blockwise absmax quantisation to int8: the bytes of src/codecs/int8.ts, whose plain loops say what they are.

const BLOCK: i32 = 256
const LARGEST: i32 = 127
/** Less than one by an ulp of a float32. */
const STEP_DOWN: f64 = 1 - 1.1920928955078125e-7

/**
 * Block by block a scale and codes, the last block shorter. `values`: `count` of them, zeros up to a multiple of 16.
 * Up to 15 bytes too many are written at the end.
 */
export function encodeInt8(values: usize, count: i32, out: usize): void {
  for (; count > 0; count -= BLOCK) {
    const used = min(count, BLOCK)
    const scale = scaleOf(values, used)
    store<f32>(out, scale)
    out += 4
    if (scale > 0) codes(values, used, scale, out)
    else memory.fill(out, 0, used)
    values += BLOCK * 4
    out += used
  }
}

/**
 * The reverse. @returns 0 where a scale or a code is none that `encodeInt8` writes. Up to 15 values too many are written, of
 * bytes beyond the last block that are zero.
 */
export function decodeInt8(from: usize, count: i32, values: usize): i32 {
  let isUsed = true
  for (; count > 0; count -= BLOCK) {
    const used = min(count, BLOCK)
    const scale = load<f32>(from)
    from += 4
    isUsed = isUsed && scale >= 0 && isFinite<f32>(scale * <f32>LARGEST) && areUsed(from, used)
    const by = f32x4.splat(scale)
    for (let i = 0; i < used; i += 16) {
      const bytes = v128.load(from + i)
      const low = i16x8.extend_low_i8x16_s(bytes), high = i16x8.extend_high_i8x16_s(bytes)
      put(values, i32x4.extend_low_i16x8_s(low), by)
      put(values + 16, i32x4.extend_high_i16x8_s(low), by)
      put(values + 32, i32x4.extend_low_i16x8_s(high), by)
      put(values + 48, i32x4.extend_high_i16x8_s(high), by)
      values += 64
    }
    from += used
  }
  return isUsed ? 1 : 0
}

/** A code times a scale is exact in float64: rounding once, as float32 does, gives the same. */
// @ts-ignore: decorator
@inline
function put(to: usize, units: v128, scale: v128): void {
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(units), scale))
}

/** Whether none of the codes is −128. */
function areUsed(from: usize, count: i32): bool {
  let unused = i8x16.splat(0)
  for (let i = 0; i < count; i += 16) unused = v128.or(unused, i8x16.eq(v128.load(from + i), i8x16.splat(-128)))
  return !v128.any_true(unused)
}

/** The largest magnitude over the largest code; NaN when a value is. */
function scaleOf(values: usize, count: i32): f32 {
  let most = f32x4.splat(0), odd = most
  for (let i = 0; i < count; i += 4) {
    const value = v128.load(values + i * 4)
    most = f32x4.pmax(most, f32x4.abs(value))
    odd = v128.or(odd, f32x4.ne(value, value))
  }
  if (v128.any_true(odd)) return NaN
  most = f32x4.pmax(most, i32x4.shuffle(most, most, 2, 3, 0, 1))
  most = f32x4.pmax(most, i32x4.shuffle(most, most, 1, 0, 3, 2))
  const scale = f32x4.extract_lane(most, 0) / <f32>LARGEST
  const isRoundedUp = isFinite<f32>(scale) && !isFinite<f32>(scale * <f32>LARGEST)
  return isRoundedUp ? <f32>(<f64>scale * STEP_DOWN) : scale
}

/** Sixteen codes at a time. */
function codes(values: usize, count: i32, scale: f32, out: usize): void {
  const steps = f64x2.splat(1 / <f64>scale)
  for (let i = 0; i < count; i += 16) {
    const low = i16x8.narrow_i32x4_s(four(values, steps), four(values + 16, steps))
    const high = i16x8.narrow_i32x4_s(four(values + 32, steps), four(values + 48, steps))
    v128.store(out + i, i8x16.narrow_i16x8_s(low, high))
    values += 64
  }
}

/** The whole numbers nearest to values in units of the scale: above zero cutting off rounds down. */
// @ts-ignore: decorator
@inline
function four(at: usize, steps: v128): v128 {
  const least = i32x4.splat(1), most = i32x4.splat(2 * LARGEST + 1)
  const above = i64x2.shuffle(two(at, steps), two(at + 8, steps), 0, 2)
  return i32x4.sub(i32x4.max_s(least, i32x4.min_s(most, above)), i32x4.splat(LARGEST + 1))
}

// @ts-ignore: decorator
@inline
function two(at: usize, steps: v128): v128 {
  const units = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(at)), steps)
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.add(units, f64x2.splat(LARGEST + 1.5)))
}
