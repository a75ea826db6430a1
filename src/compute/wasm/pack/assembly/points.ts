// One side of Winograd's minimal filtering (Lavin & Gray 2016, "Fast algorithms for convolutional neural networks"): m outputs
// of r taps, m + r = n + 1, are Y = Aᵀ [(G g) ⊙ (Bᵀ d)] with polynomials' values at n points, whose matrices are Toom and
// Cook's. For two dimensions each matrix is applied along columns, then along rows.
//
// Of six points (0, ±a, ±b, infinity) a and b are 5/8 and 3/2, not the paper's 1 and 2: the same number of operations with half
// of the error. Of eight (0, ±a, ±b, ±c, infinity) they are 1/2, 1 and 2; no others that were tried have less.
//
// Each function goes over `count` vectors of four channels. `step` leads from one of a vector's inputs to the next, `toStep`
// from output to output, `next` and `toNext` from one vector to the next (else they are contiguous); all in bytes.

import { madd } from './lanes'

const A6: f32 = 5.0 / 8.0, B6: f32 = 3.0 / 2.0
const A8: f32 = 1.0 / 2.0, B8: f32 = 1, C8: f32 = 2

// Exported from the module too, so that the optimizer leaves them functions of their own.

/** Bᵀ: six inputs at six points. */
export function points6Of6(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  const A2 = A6 * A6, B2 = B6 * B6
  for (; count > 0; count--) {
    let at = from + step
    const d0 = v128.load(from), d1 = v128.load(at)
    at += step
    const d2 = v128.load(at)
    at += step
    const d3 = v128.load(at)
    at += step
    const d4 = v128.load(at), d5 = v128.load(at + step)
    v128.store(to, plus(plus(d4, -A2 - B2, d2), A2 * B2, d0))
    at = pair(to + toStep, toStep, plus(d4, -B2, d2), times(A6, plus(d3, -B2, d1)))
    at = pair(at, toStep, plus(d4, -A2, d2), times(B6, plus(d3, -A2, d1)))
    v128.store(at, plus(plus(d5, -A2 - B2, d3), A2 * B2, d1))
    from += next
    to += toNext
  }
}

/** Bᵀ: eight inputs at eight points. */
export function points8Of8(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  const A2 = A8 * A8, B2 = B8 * B8, C2 = C8 * C8
  const once = A2 + B2 + C2, twice = A2 * B2 + A2 * C2 + B2 * C2
  for (; count > 0; count--) {
    let at = from + step
    const d0 = v128.load(from), d1 = v128.load(at)
    at += step
    const d2 = v128.load(at)
    at += step
    const d3 = v128.load(at)
    at += step
    const d4 = v128.load(at)
    at += step
    const d5 = v128.load(at)
    at += step
    const d6 = v128.load(at), d7 = v128.load(at + step)
    v128.store(to, plus(plus(plus(d6, -once, d4), twice, d2), -A2 * B2 * C2, d0))
    at = pair(to + toStep, toStep, three(d6, d4, d2, B2, C2), times(A8, three(d5, d3, d1, B2, C2)))
    at = pair(at, toStep, three(d6, d4, d2, A2, C2), times(B8, three(d5, d3, d1, A2, C2)))
    at = pair(at, toStep, three(d6, d4, d2, A2, B2), times(C8, three(d5, d3, d1, A2, B2)))
    v128.store(at, plus(plus(plus(d7, -once, d5), twice, d3), -A2 * B2 * C2, d1))
    from += next
    to += toNext
  }
}

/** (x² − p)(x² − q), by coefficients of x⁴, x² and 1. */
// @ts-ignore: decorator
@inline
function three(x4: v128, x2: v128, x0: v128, p: f32, q: f32): v128 {
  return plus(plus(x4, -p - q, x2), p * q, x0)
}

/** G: `taps` values of a filter, or of a tile of slopes, at six or eight points. */
// @ts-ignore: decorator
@inline
function points(size: i32, taps: i32, from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  const A = size == 6 ? A6 : A8, B = size == 6 ? B6 : B8
  const A2 = A * A, B2 = B * B, C2 = C8 * C8
  for (; count > 0; count--) {
    let at = from + step
    const g0 = v128.load(from), g1 = v128.load(at)
    at += step
    const g2 = v128.load(at)
    at += step
    const g3 = taps > 3 ? v128.load(at) : g2, g4 = taps > 4 ? v128.load(at + step) : g3
    // Divided by the product of a point's distances to the others.
    v128.store(to, times(size == 6 ? 1 / (A2 * B2) : -1 / (A2 * B2 * C2), g0))
    at = to + toStep
    at = ofTaps(taps, at, toStep, A, 2 * A2 * (A2 - B2) * (size == 6 ? 1 : A2 - C2), g0, g1, g2, g3, g4)
    at = ofTaps(taps, at, toStep, B, 2 * B2 * (B2 - A2) * (size == 6 ? 1 : B2 - C2), g0, g1, g2, g3, g4)
    if (size > 6) at = ofTaps(taps, at, toStep, C8, 2 * C2 * (C2 - A2) * (C2 - B2), g0, g1, g2, g3, g4)
    v128.store(at, g4)
    from += next
    to += toNext
  }
}

/** The filter at x and −x. */
// @ts-ignore: decorator
@inline
function ofTaps(taps: i32, to: usize, toStep: usize, x: f32, by: f32,
  g0: v128, g1: v128, g2: v128, g3: v128, g4: v128): usize {
  let even = plus(times(1 / by, g0), x * x / by, g2), odd = times(x / by, g1)
  if (taps > 3) odd = plus(odd, x * x * x / by, g3)
  if (taps > 4) even = plus(even, x * x * x * x / by, g4)
  return pair(to, toStep, even, odd)
}

export function points6Of3(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  points(6, 3, from, step, next, to, toStep, toNext, count)
}

export function points6Of4(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  points(6, 4, from, step, next, to, toStep, toNext, count)
}

export function points8Of4(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  points(8, 4, from, step, next, to, toStep, toNext, count)
}

export function points8Of5(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  points(8, 5, from, step, next, to, toStep, toNext, count)
}

/** Aᵀ: products at six or eight points to `outputs` values, + a bias and at least `least` where it `ends` so; NaN stays. */
// @ts-ignore: decorator
@inline
function values(size: i32, outputs: i32, ends: bool, from: usize, step: usize, to: usize, toStep: usize, count: i32,
  bias: usize, least: v128): void {
  const A = size == 6 ? A6 : A8, B = size == 6 ? B6 : B8
  const A2 = A * A, B2 = B * B, C2 = C8 * C8
  for (; count > 0; count--) {
    const first = v128.load(from)
    let at = from + step
    let x = v128.load(at), y = v128.load(at + step)
    const evenA = f32x4.add(x, y), oddA = f32x4.sub(x, y)
    at += 2 * step
    x = v128.load(at)
    y = v128.load(at + step)
    const evenB = f32x4.add(x, y), oddB = f32x4.sub(x, y)
    at += 2 * step
    let evenC = evenB, oddC = oddB
    if (size > 6) {
      x = v128.load(at)
      y = v128.load(at + step)
      evenC = f32x4.add(x, y)
      oddC = f32x4.sub(x, y)
      at += 2 * step
    }
    const last = v128.load(at)
    x = f32x4.add(first, f32x4.add(evenA, evenB))
    put(ends, to, size > 6 ? f32x4.add(x, evenC) : x, bias, least)
    at = to + toStep
    x = plus(times(A, oddA), B, oddB)
    put(ends, at, size > 6 ? plus(x, C8, oddC) : x, bias, least)
    at += toStep
    x = plus(outputs == 3 ? plus(last, A2, evenA) : times(A2, evenA), B2, evenB)
    put(ends, at, size > 6 ? plus(x, C2, evenC) : x, bias, least)
    if (outputs > 3) {
      at += toStep
      x = plus(outputs == 4 ? plus(last, A2 * A, oddA) : times(A2 * A, oddA), B2 * B, oddB)
      put(ends, at, size > 6 ? plus(x, C2 * C8, oddC) : x, bias, least)
    }
    if (outputs > 4) {
      x = plus(plus(last, A2 * A2, evenA), B2 * B2, evenB)
      put(ends, at + toStep, size > 6 ? plus(x, C2 * C2, evenC) : x, bias, least)
    }
    from += 16
    to += 16
    if (ends) bias += 16
  }
}

// @ts-ignore: decorator
@inline
function put(ends: bool, to: usize, y: v128, bias: usize, least: v128): void {
  v128.store(to, ends ? f32x4.pmax(f32x4.add(y, v128.load(bias)), least) : y)
}

export function values3Of6(from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  values(6, 3, false, from, step, to, toStep, count, 0, f32x4.splat(0))
}

export function values4Of6(from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  values(6, 4, false, from, step, to, toStep, count, 0, f32x4.splat(0))
}

export function values4Of8(from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  values(8, 4, false, from, step, to, toStep, count, 0, f32x4.splat(0))
}

export function values5Of8(from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  values(8, 5, false, from, step, to, toStep, count, 0, f32x4.splat(0))
}

/** As `values4Of6`, then + bias and at least `least`. */
export function outputs4Of6(from: usize, step: usize, to: usize, toStep: usize, count: i32, bias: usize, least: f32): void {
  values(6, 4, true, from, step, to, toStep, count, bias, f32x4.splat(least))
}

/** As `values4Of8`, then + bias and at least `least`. */
export function outputs4Of8(from: usize, step: usize, to: usize, toStep: usize, count: i32, bias: usize, least: f32): void {
  values(8, 4, true, from, step, to, toStep, count, bias, f32x4.splat(least))
}

// @ts-ignore: decorator
@inline
function plus(sum: v128, share: f32, x: v128): v128 {
  return madd(x, f32x4.splat(share), sum)
}

// @ts-ignore: decorator
@inline
function times(share: f32, x: v128): v128 {
  return f32x4.mul(x, f32x4.splat(share))
}

/** The sum, and behind it the difference. @returns where the next goes */
// @ts-ignore: decorator
@inline
function pair(to: usize, toStep: usize, even: v128, odd: v128): usize {
  v128.store(to, f32x4.add(even, odd))
  v128.store(to + toStep, f32x4.sub(even, odd))
  return to + 2 * toStep
}
