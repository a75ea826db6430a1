// What layers that go through time have in common. `hard`: gates by the hard sigmoid.

import { gemm } from './gemm'
import { hardSigmoid, sigmoid } from './math'

const ADD: i32 = 1

/** A gate's activation. */
// @ts-ignore: decorator
@inline
export function gate(x: v128, hard: bool): v128 {
  return hard ? hardSigmoid(x) : sigmoid(x)
}

/** The derivative of a gate's activation by its value: y·(1 − y), or a fifth between 0 and 1. */
// @ts-ignore: decorator
@inline
export function slopeOf(y: v128, hard: bool): v128 {
  const one = f32x4.splat(1)
  if (!hard) return f32x4.mul(y, f32x4.sub(one, y))
  const isInside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, one))
  return v128.and(isInside, f32x4.splat(0.2))
}

/**
 * What one moment adds to the gradients of input and kernel, from dz [batch, columns], the slopes before the gates'
 * activation. x and dx lie batch by batch, [batch, steps, features]; the last moment comes first.
 */
export function inputGradients(batch: i32, steps: i32, features: i32, columns: i32, t: i32, x: usize, kernel: usize,
  dz: usize, dx: usize, dKernel: usize, scratch: usize): void {
  const row = columns * 4, apart = steps * features * 4, at = t * features * 4
  gemm(batch, features, columns, dz, row, 4, kernel, 4, row, dx + at, apart, 0, 0, scratch)
  gemm(features, columns, batch, x + at, 4, apart, dz, row, 4, dKernel, row, 0, t < steps - 1 ? ADD : 0, scratch)
}
