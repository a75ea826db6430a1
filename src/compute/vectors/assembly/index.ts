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
 * out [length] = the median of each coordinate: the middle one, or half the sum of the two in the middle; −0 counts as 0.
 * Sorts only as far as the middle, largest first, in place: `vectors` is used up.
 *
 * Of two values the smaller is `pmin(a, b)` and the larger `pmax(b, a)`: one instruction each, and of two equal ones both
 * stay. NaN has no place in an order; whoever calls has refused it.
 */
export function median(count: i32, length: i32, vectors: usize, out: usize): void {
  const next = length * 4
  // What remains unsorted after each pass is one shorter; the middle is reached after half of them.
  const passes = (count >> 1) + 1
  const zero = f32x4.splat(0)
  for (let i = 0; i < length; i += 8) {
    const first = vectors + i * 4
    let before0 = zero, before1 = zero, middle0 = zero, middle1 = zero
    for (let pass = 0; pass < passes; pass++) {
      let at = first
      let most0 = v128.load(at), most1 = v128.load(at, 16)
      for (let k = count - pass - 1; k > 0; k--) {
        const other0 = v128.load(at + next), other1 = v128.load(at + next, 16)
        v128.store(at, f32x4.pmin(most0, other0))
        v128.store(at, f32x4.pmin(most1, other1), 16)
        most0 = f32x4.pmax(other0, most0)
        most1 = f32x4.pmax(other1, most1)
        at += next
      }
      before0 = middle0
      before1 = middle1
      middle0 = most0
      middle1 = most1
    }
    const isOdd = (count & 1) != 0
    v128.store(out + i * 4, f32x4.add(zero, isOdd ? middle0 : mean(before0, middle0)))
    v128.store(out + i * 4, f32x4.add(zero, isOdd ? middle1 : mean(before1, middle1)), 16)
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
