// Layer normalisation over the last axis (Ba, Kiros & Hinton 2016, https://arxiv.org/abs/1607.06450), a row at a time, which
// stays in the first cache between its passes.

import { madd, sumOf } from './lanes'

/**
 * y [rows × n] = (x − mean) · scale · gamma + beta, with scale = 1 / √(variance + ε); means and scales [rows] are kept for
 * the gradient. `gamma` and `beta` [n] may be 0.
 */
export function layerNorm(rows: i32, n: i32, x: usize, gamma: usize, beta: usize, epsilon: f32,
  y: usize, means: usize, scales: usize): void {
  for (let r = 0; r < rows; r++) {
    const mean = sumOfRow(n, x) / f32(n)
    const scale: f32 = 1 / sqrt<f32>(squaresOfRow(n, x, mean) / f32(n) + epsilon)
    store<f32>(means, mean)
    store<f32>(scales, scale)
    normalise(n, x, gamma, beta, mean, scale, y)
    x += n * 4
    y += n * 4
    means += 4
    scales += 4
  }
}

function normalise(n: i32, x: usize, gamma: usize, beta: usize, mean: f32, scale: f32, y: usize): void {
  const means = f32x4.splat(mean), scales = f32x4.splat(scale)
  let j = 0
  for (; j + 4 <= n; j += 4) {
    let value = f32x4.mul(f32x4.sub(v128.load(x), means), scales)
    if (gamma) value = f32x4.mul(value, v128.load(gamma + j * 4))
    if (beta) value = f32x4.add(value, v128.load(beta + j * 4))
    v128.store(y, value)
    x += 16
    y += 16
  }
  for (; j < n; j++) {
    let value = (load<f32>(x) - mean) * scale
    if (gamma) value *= load<f32>(gamma + j * 4)
    if (beta) value += load<f32>(beta + j * 4)
    store<f32>(y, value)
    x += 4
    y += 4
  }
}

function sumOfRow(n: i32, x: usize): f32 {
  let s0 = f32x4.splat(0), s1 = s0
  let j = 0
  for (; j + 8 <= n; j += 8) {
    s0 = f32x4.add(s0, v128.load(x))
    s1 = f32x4.add(s1, v128.load(x, 16))
    x += 32
  }
  let sum = sumOf(f32x4.add(s0, s1))
  for (; j < n; j++) {
    sum += load<f32>(x)
    x += 4
  }
  return sum
}

/** Σ (x − mean)² */
function squaresOfRow(n: i32, x: usize, mean: f32): f32 {
  const means = f32x4.splat(mean)
  let s0 = f32x4.splat(0), s1 = s0
  let j = 0
  for (; j + 8 <= n; j += 8) {
    const d0 = f32x4.sub(v128.load(x), means), d1 = f32x4.sub(v128.load(x, 16), means)
    s0 = madd(d0, d0, s0)
    s1 = madd(d1, d1, s1)
    x += 32
  }
  let sum = sumOf(f32x4.add(s0, s1))
  for (; j < n; j++) {
    const d = load<f32>(x) - mean
    sum += d * d
    x += 4
  }
  return sum
}

/**
 * The gradients by x [rows × n], gamma and beta [n] (0: not wanted) from dy [rows × n]. With g = dy · gamma and
 * x̂ = (x − mean) · scale: dx = scale · (g − mean(g) − x̂ · mean(g · x̂)).
 */
export function layerNormGradient(rows: i32, n: i32, x: usize, gamma: usize, means: usize, scales: usize, dy: usize,
  dx: usize, dGamma: usize, dBeta: usize): void {
  if (dGamma) memory.fill(dGamma, 0, n * 4)
  if (dBeta) memory.fill(dBeta, 0, n * 4)
  for (let r = 0; r < rows; r++) {
    backRow(n, x, gamma, load<f32>(means), load<f32>(scales), dy, dx, dGamma, dBeta)
    x += n * 4
    dy += n * 4
    dx += n * 4
    means += 4
    scales += 4
  }
}

/** One row; dx holds x̂ between the two passes. */
function backRow(n: i32, x: usize, gamma: usize, mean: f32, scale: f32, dy: usize,
  dx: usize, dGamma: usize, dBeta: usize): void {
  const means = f32x4.splat(mean), scales = f32x4.splat(scale)
  let slopes = f32x4.splat(0), along = slopes
  let j = 0
  for (; j + 4 <= n; j += 4) {
    const at = j * 4
    const slope = v128.load(dy + at)
    const value = f32x4.mul(f32x4.sub(v128.load(x + at), means), scales)
    v128.store(dx + at, value)
    if (dGamma) v128.store(dGamma + at, madd(slope, value, v128.load(dGamma + at)))
    if (dBeta) v128.store(dBeta + at, f32x4.add(v128.load(dBeta + at), slope))
    const g = gamma ? f32x4.mul(slope, v128.load(gamma + at)) : slope
    slopes = f32x4.add(slopes, g)
    along = madd(g, value, along)
  }
  let slopeSum = sumOf(slopes), alongSum = sumOf(along)
  for (; j < n; j++) {
    const at = j * 4
    const slope = load<f32>(dy + at)
    const value = (load<f32>(x + at) - mean) * scale
    store<f32>(dx + at, value)
    if (dGamma) store<f32>(dGamma + at, load<f32>(dGamma + at) + slope * value)
    if (dBeta) store<f32>(dBeta + at, load<f32>(dBeta + at) + slope)
    const g = gamma ? slope * load<f32>(gamma + at) : slope
    slopeSum += g
    alongSum += g * value
  }
  finish(n, gamma, scale, dy, slopeSum / f32(n), alongSum / f32(n), dx)
}

/** dx = scale · (g − slope − x̂ · along), in place of x̂. */
function finish(n: i32, gamma: usize, scale: f32, dy: usize, slope: f32, along: f32, dx: usize): void {
  const scales = f32x4.splat(scale), slopes = f32x4.splat(slope), alongs = f32x4.splat(-along)
  let j = 0
  for (; j + 4 <= n; j += 4) {
    const at = j * 4
    const g = gamma ? f32x4.mul(v128.load(dy + at), v128.load(gamma + at)) : v128.load(dy + at)
    v128.store(dx + at, f32x4.mul(scales, madd(v128.load(dx + at), alongs, f32x4.sub(g, slopes))))
  }
  for (; j < n; j++) {
    const at = j * 4
    const g = gamma ? load<f32>(dy + at) * load<f32>(gamma + at) : load<f32>(dy + at)
    store<f32>(dx + at, scale * (g - slope - load<f32>(dx + at) * along))
  }
}
