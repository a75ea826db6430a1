// One side of Winograd's minimal filtering at six points: 0, ±a, ±b and infinity (Lavin & Gray 2016, "Fast algorithms for
// convolutional neural networks"; the matrices are Toom and Cook's). m outputs of r taps, m + r = 7, are
// Y = Aᵀ [(G g) ⊙ (Bᵀ d)]; for two dimensions each matrix is applied along columns, then along rows.
//
// a and b are 5/8 and 3/2, not the paper's 1 and 2: the same number of operations with half of the error.
//
// Each function goes over `count` vectors of four channels. `step` leads from one of a vector's inputs to the next, `toStep`
// from output to output, `next` and `toNext` from one vector to the next; all in bytes.

import { madd } from './lanes'

/** Values of one side. */
export const POINTS: i32 = 6

const A: f32 = 5.0 / 8.0, A2: f32 = A * A, A3: f32 = A2 * A, A4: f32 = A2 * A2
const B: f32 = 3.0 / 2.0, B2: f32 = B * B, B3: f32 = B2 * B, B4: f32 = B2 * B2
/** What G's rows are divided by: the product of a point's distances to the others. */
const N0: f32 = A2 * B2, NA: f32 = 2 * A2 * (A2 - B2), NB: f32 = 2 * B2 * (B2 - A2)

// Exported from the module too, so that the optimizer leaves them functions of their own.

/** Bᵀ: six inputs to their values at the points. */
export function inputPoints(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  for (; count > 0; count--) {
    let at = from + step
    const d0 = v128.load(from), d1 = v128.load(at)
    at += step
    const d2 = v128.load(at)
    at += step
    const d3 = v128.load(at)
    at += step
    const d4 = v128.load(at), d5 = v128.load(at + step)
    const evenA = madd(d2, f32x4.splat(-B2), d4), oddA = f32x4.mul(madd(d1, f32x4.splat(-B2), d3), f32x4.splat(A))
    const evenB = madd(d2, f32x4.splat(-A2), d4), oddB = f32x4.mul(madd(d1, f32x4.splat(-A2), d3), f32x4.splat(B))
    v128.store(to, madd(d0, f32x4.splat(N0), madd(d2, f32x4.splat(-A2 - B2), d4)))
    at = to + toStep
    v128.store(at, f32x4.add(evenA, oddA))
    at += toStep
    v128.store(at, f32x4.sub(evenA, oddA))
    at += toStep
    v128.store(at, f32x4.add(evenB, oddB))
    at += toStep
    v128.store(at, f32x4.sub(evenB, oddB))
    v128.store(at + toStep, madd(d1, f32x4.splat(N0), madd(d3, f32x4.splat(-A2 - B2), d5)))
    from += next
    to += toNext
  }
}

/** G: `taps` values of a filter, or of a tile of slopes, at the points. */
// @ts-ignore: decorator
@inline
function points(taps: i32, from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  for (; count > 0; count--) {
    let at = from + step
    const g0 = v128.load(from), g1 = v128.load(at)
    let last = g1
    let evenA = f32x4.mul(g0, f32x4.splat(1 / NA)), oddA = f32x4.mul(g1, f32x4.splat(A / NA))
    let evenB = f32x4.mul(g0, f32x4.splat(1 / NB)), oddB = f32x4.mul(g1, f32x4.splat(B / NB))
    if (taps > 2) {
      at += step
      last = v128.load(at)
      evenA = madd(last, f32x4.splat(A2 / NA), evenA)
      evenB = madd(last, f32x4.splat(B2 / NB), evenB)
    }
    if (taps > 3) {
      at += step
      last = v128.load(at)
      oddA = madd(last, f32x4.splat(A3 / NA), oddA)
      oddB = madd(last, f32x4.splat(B3 / NB), oddB)
    }
    if (taps > 4) {
      last = v128.load(at + step)
      evenA = madd(last, f32x4.splat(A4 / NA), evenA)
      evenB = madd(last, f32x4.splat(B4 / NB), evenB)
    }
    v128.store(to, f32x4.mul(g0, f32x4.splat(1 / N0)))
    at = to + toStep
    v128.store(at, f32x4.add(evenA, oddA))
    at += toStep
    v128.store(at, f32x4.sub(evenA, oddA))
    at += toStep
    v128.store(at, f32x4.add(evenB, oddB))
    at += toStep
    v128.store(at, f32x4.sub(evenB, oddB))
    v128.store(at + toStep, last)
    from += next
    to += toNext
  }
}

export function points2(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  points(2, from, step, next, to, toStep, toNext, count)
}

export function points3(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  points(3, from, step, next, to, toStep, toNext, count)
}

export function points4(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  points(4, from, step, next, to, toStep, toNext, count)
}

export function points5(from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  points(5, from, step, next, to, toStep, toNext, count)
}

/** Aᵀ: products at the points to `outputs` values, + a bias and at least `least` where it `ends` so; NaN stays. */
// @ts-ignore: decorator
@inline
function values(outputs: i32, ends: bool, from: usize, step: usize, to: usize, toStep: usize, count: i32,
  bias: usize, least: v128): void {
  for (; count > 0; count--) {
    let at = from + step
    let y = v128.load(from), z = v128.load(at)
    at += step
    let w = v128.load(at)
    at += step
    const evenA = f32x4.add(z, w), oddA = f32x4.sub(z, w)
    z = v128.load(at)
    at += step
    w = v128.load(at)
    const evenB = f32x4.add(z, w), oddB = f32x4.sub(z, w)
    const last = v128.load(at + step)
    put(ends, to, f32x4.add(y, f32x4.add(evenA, evenB)), bias, least)
    y = madd(oddB, f32x4.splat(B), f32x4.mul(oddA, f32x4.splat(A)))
    if (outputs == 2) y = f32x4.add(y, last)
    at = to + toStep
    put(ends, at, y, bias, least)
    if (outputs > 2) {
      y = madd(evenB, f32x4.splat(B2), f32x4.mul(evenA, f32x4.splat(A2)))
      if (outputs == 3) y = f32x4.add(y, last)
      at += toStep
      put(ends, at, y, bias, least)
    }
    if (outputs > 3) {
      y = madd(oddB, f32x4.splat(B3), f32x4.mul(oddA, f32x4.splat(A3)))
      if (outputs == 4) y = f32x4.add(y, last)
      at += toStep
      put(ends, at, y, bias, least)
    }
    if (outputs > 4) put(ends, at + toStep, madd(evenB, f32x4.splat(B4), madd(evenA, f32x4.splat(A4), last)), bias, least)
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

export function values2(from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  values(2, false, from, step, to, toStep, count, 0, f32x4.splat(0))
}

export function values3(from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  values(3, false, from, step, to, toStep, count, 0, f32x4.splat(0))
}

export function values4(from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  values(4, false, from, step, to, toStep, count, 0, f32x4.splat(0))
}

export function values5(from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  values(5, false, from, step, to, toStep, count, 0, f32x4.splat(0))
}

/** As `values2`, then + bias and at least `least`. */
export function outputs2(from: usize, step: usize, to: usize, toStep: usize, count: i32, bias: usize, least: f32): void {
  values(2, true, from, step, to, toStep, count, bias, f32x4.splat(least))
}

export function outputs4(from: usize, step: usize, to: usize, toStep: usize, count: i32, bias: usize, least: f32): void {
  values(4, true, from, step, to, toStep, count, bias, f32x4.splat(least))
}
