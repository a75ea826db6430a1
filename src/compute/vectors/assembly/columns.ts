// Kernels over flat vectors, for what peers must agree on bit by bit: float64 sums in a fixed order, minimum and maximum,
// one rounding at the end; no fused multiply-add. `count` vectors lie one after the other, each `length` values long,
// a multiple of 16.

/**
 * out [length] = Σ weights[k] · vectors[k], from the first to the last, in float64; rounded to float32 once. Each weight
 * is there twice, side by side. A load of two values and their conversion are one instruction where nothing else reads
 * them, and eight sums hide how long an addition takes: so it goes as fast as the processor multiplies and adds.
 */
export function weightedSum(count: i32, length: i32, vectors: usize, weights: usize, out: usize): void {
  const next = length * 4
  for (let i = length; i > 0; i -= 16) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0
    let from = vectors, by = weights
    for (let k = count; k > 0; k--) {
      const weight = v128.load(by)
      s0 = f64x2.add(s0, f64x2.mul(weight, pair(from)))
      s1 = f64x2.add(s1, f64x2.mul(weight, pair(from + 8)))
      s2 = f64x2.add(s2, f64x2.mul(weight, pair(from + 16)))
      s3 = f64x2.add(s3, f64x2.mul(weight, pair(from + 24)))
      s4 = f64x2.add(s4, f64x2.mul(weight, pair(from + 32)))
      s5 = f64x2.add(s5, f64x2.mul(weight, pair(from + 40)))
      s6 = f64x2.add(s6, f64x2.mul(weight, pair(from + 48)))
      s7 = f64x2.add(s7, f64x2.mul(weight, pair(from + 56)))
      from += next
      by += 16
    }
    v128.store(out, rounded(s0, s1))
    v128.store(out, rounded(s2, s3), 16)
    v128.store(out, rounded(s4, s5), 32)
    v128.store(out, rounded(s6, s7), 48)
    vectors += 64
    out += 64
  }
}

/** Two values, in float64. */
// @ts-ignore: decorator
@inline
function pair(from: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(from))
}

/** Four values, rounded to float32. */
// @ts-ignore: decorator
@inline
function rounded(low: v128, high: v128): v128 {
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2)
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
  return rounded(f64x2.mul(half, low), f64x2.mul(half, high))
}
