// Arithmetic on four float32 values at a time.

/** c + a · b: rounded once where the build has relaxed SIMD (and the processor an FMA unit), else twice. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(c, f32x4.mul(a, b))
}

/** The sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sumOf(x: v128): f32 {
  const pairs = f32x4.add(x, i32x4.shuffle(x, x, 2, 3, 0, 1))
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1)
}

/** Four values, or only the first one, where the others are beyond the end of a row: they are zero then. */
// @ts-ignore: decorator
@inline
export function take(from: usize, whole: bool): v128 {
  return whole ? v128.load(from) : v128.load32_zero(from)
}

/** Store four values, or only the first one. */
// @ts-ignore: decorator
@inline
export function put(to: usize, values: v128, whole: bool): void {
  if (whole) v128.store(to, values)
  else v128.store32_lane(to, values, 0)
}

/** The first four, two or one of the lanes; the others are zero. */
// @ts-ignore: decorator
@inline
export function takeLanes(count: i32, from: usize): v128 {
  if (count == 4) return v128.load(from)
  return count == 2 ? v128.load64_zero(from) : v128.load32_zero(from)
}

/** Store the first four, two or one of the lanes. */
// @ts-ignore: decorator
@inline
export function putLanes(count: i32, to: usize, values: v128): void {
  if (count == 4) v128.store(to, values)
  else if (count == 2) v128.store64_lane(to, values, 0)
  else v128.store32_lane(to, values, 0)
}

/** Values of a row in whole vectors. */
// @ts-ignore: decorator
@inline
export function whole(n: i32): i32 {
  return (n + 3) & ~3
}
