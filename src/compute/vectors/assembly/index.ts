// Kernels over flat vectors, for what peers must agree on bit by bit: float64 sums in a fixed order, minimum and maximum,
// one rounding at the end; no fused multiply-add. `count` vectors lie one after the other, each `length` values long,
// a multiple of 8.

/** out [length] = Σ weights[k] · vectors[k], from the first to the last, in float64; rounded to float32 once. */
export function weightedSum(count: i32, length: i32, vectors: usize, weights: usize, out: usize): void {
  const next = length * 4
  for (let i = 0; i < length; i += 8) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
    let from = vectors + i * 4
    for (let k = 0; k < count; k++) {
      const weight = v128.load64_splat(weights + k * 8)
      const low = v128.load(from), high = v128.load(from, 16)
      s0 = f64x2.add(s0, f64x2.mul(weight, f64x2.promote_low_f32x4(low)))
      s1 = f64x2.add(s1, f64x2.mul(weight, f64x2.promote_low_f32x4(i64x2.shuffle(low, low, 1, 1))))
      s2 = f64x2.add(s2, f64x2.mul(weight, f64x2.promote_low_f32x4(high)))
      s3 = f64x2.add(s3, f64x2.mul(weight, f64x2.promote_low_f32x4(i64x2.shuffle(high, high, 1, 1))))
      from += next
    }
    v128.store(out, i64x2.shuffle(f32x4.demote_f64x2_zero(s0), f32x4.demote_f64x2_zero(s1), 0, 2))
    v128.store(out, i64x2.shuffle(f32x4.demote_f64x2_zero(s2), f32x4.demote_f64x2_zero(s3), 0, 2), 16)
    out += 32
  }
}

/**
 * out [length] = the median of each coordinate: the middle one, or half the sum of the two in the middle. Sorts only as
 * far as the middle, largest first, in place: `vectors` is used up.
 */
export function median(count: i32, length: i32, vectors: usize, out: usize): void {
  const next = length * 4
  // What remains unsorted after each pass is one shorter; the middle is reached after half of them.
  const passes = (count >> 1) + 1
  for (let i = 0; i < length; i += 4) {
    const first = vectors + i * 4
    let before = f32x4.splat(0), middle = before
    for (let pass = 0; pass < passes; pass++) {
      let at = first
      let most = v128.load(at)
      for (let k = 1; k < count - pass; k++) {
        const other = v128.load(at + next)
        v128.store(at, f32x4.min(most, other))
        most = f32x4.max(most, other)
        at += next
      }
      before = middle
      middle = most
    }
    v128.store(out + i * 4, count & 1 ? middle : mean(before, middle))
  }
}

/** (a + b) / 2, in float64. */
// @ts-ignore: decorator
@inline
function mean(a: v128, b: v128): v128 {
  const half = f64x2.splat(0.5)
  const low = f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b))
  const high = f64x2.add(
    f64x2.promote_low_f32x4(i64x2.shuffle(a, a, 1, 1)), f64x2.promote_low_f32x4(i64x2.shuffle(b, b, 1, 1)))
  return i64x2.shuffle(
    f32x4.demote_f64x2_zero(f64x2.mul(half, low)), f32x4.demote_f64x2_zero(f64x2.mul(half, high)), 0, 2)
}
