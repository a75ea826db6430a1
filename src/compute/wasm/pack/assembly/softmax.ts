// The gradient of softmax over the last axis, and its cross-entropy with one class a row (Bridle 1990).

import { madd, put, sumOf, take } from './lanes'
import { exp } from './math'

/** dx [rows × n] = y · (dy − Σ y · dy), row by row, from softmax's values y. */
export function softmaxGradient(rows: i32, n: i32, y: usize, dy: usize, dx: usize): void {
  for (let r = 0; r < rows; r++) {
    const mean = f32x4.splat(product(n, y, dy))
    let j = 0
    for (; j + 4 <= n; j += 4) gradientAt(true, y + j * 4, dy + j * 4, mean, dx + j * 4)
    for (; j < n; j++) gradientAt(false, y + j * 4, dy + j * 4, mean, dx + j * 4)
    y += n * 4
    dy += n * 4
    dx += n * 4
  }
}

// @ts-ignore: decorator
@inline
function gradientAt(whole: bool, y: usize, dy: usize, mean: v128, dx: usize): void {
  put(dx, f32x4.mul(take(y, whole), f32x4.sub(take(dy, whole), mean)), whole)
}

/**
 * slopes [rows × n] = the derivative of the mean of −log softmax(x)[target] by x; totals [rows × 2]: Σ e^(x − max), whose
 * logarithm is left to the caller, and max − x[target]. Targets are in 0 … n − 1.
 */
export function crossEntropy(rows: i32, n: i32, x: usize, targets: usize, slopes: usize, totals: usize): void {
  const share: f32 = 1 / f32(rows)
  for (let r = 0; r < rows; r++) {
    const target = load<i32>(targets + r * 4) * 4
    const largest = largestOf(n, x)
    const total = exponentials(n, x, largest, slopes)
    store<f32>(totals, total)
    store<f32>(totals + 4, largest - load<f32>(x + target))
    multiply(n, slopes, share / total)
    store<f32>(slopes + target, load<f32>(slopes + target) - share)
    x += n * 4
    slopes += n * 4
    totals += 8
  }
}

/** NaN is no maximum, but the exponentials show it. */
function largestOf(n: i32, x: usize): f32 {
  let most = f32x4.splat(-Infinity)
  let j = 0
  for (; j + 4 <= n; j += 4) most = f32x4.pmax(most, v128.load(x + j * 4))
  for (; j < n; j++) most = f32x4.pmax(most, v128.load32_splat(x + j * 4))
  most = f32x4.pmax(most, i32x4.shuffle(most, most, 2, 3, 0, 1))
  return max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1))
}

/** y = e^(x − largest). @returns their sum */
function exponentials(n: i32, x: usize, largest: f32, y: usize): f32 {
  const shift = f32x4.splat(largest)
  let sums = f32x4.splat(0)
  let j = 0
  for (; j + 4 <= n; j += 4) {
    const value = exp(f32x4.sub(v128.load(x + j * 4), shift))
    v128.store(y + j * 4, value)
    sums = f32x4.add(sums, value)
  }
  let sum = sumOf(sums)
  for (; j < n; j++) {
    const value = f32x4.extract_lane(exp(f32x4.sub(v128.load32_splat(x + j * 4), shift)), 0)
    store<f32>(y + j * 4, value)
    sum += value
  }
  return sum
}

function multiply(n: i32, y: usize, by: f32): void {
  const factor = f32x4.splat(by)
  let j = 0
  for (; j + 4 <= n; j += 4) v128.store(y + j * 4, f32x4.mul(v128.load(y + j * 4), factor))
  for (; j < n; j++) store<f32>(y + j * 4, load<f32>(y + j * 4) * by)
}

/** Σ a · b */
function product(n: i32, a: usize, b: usize): f32 {
  let sums = f32x4.splat(0)
  let j = 0
  for (; j + 4 <= n; j += 4) sums = madd(v128.load(a + j * 4), v128.load(b + j * 4), sums)
  let sum = sumOf(sums)
  for (; j < n; j++) sum += load<f32>(a + j * 4) * load<f32>(b + j * 4)
  return sum
}
