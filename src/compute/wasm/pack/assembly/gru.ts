// A whole GRU layer, forward and backward through time (Cho et al. 2014, https://arxiv.org/abs/1406.1078; gates as in
// Keras: update, reset, candidate; the reset gate before the product). What lies between the layer's own tensors lies time
// by time, as in lstm.ts.

import { gemm, gemmScratchBytes } from './gemm'
import { put, take } from './lanes'
import { tanh } from './math'
import { gate, inputGradients, slopeOf } from './recurrent'
import { sumRows } from './rows'
import { transpose } from './transpose'

const ADD: i32 = 1

/** How much memory `gruGradient` wants as `scratch`: besides a product's, the recurrent weights transposed, dh and d(r·h). */
export function gruScratchBytes(batch: i32, units: i32): usize {
  return gemmScratchBytes() + units * 3 * units * 4 + 2 * batch * units * 4 + 64
}

/**
 * x [batch, steps, features] → hidden [steps + 1, batch, units], of which the first are zeros; what the reset gate lets
 * through of them, r·h [steps, batch, units]; the gates after their activation [steps, batch, 3·units]. `bias` may be 0.
 */
export function gru(batch: i32, steps: i32, features: i32, units: i32, x: usize, kernel: usize, recurrent: usize,
  bias: usize, hidden: usize, resets: usize, gates: usize, hard: bool, scratch: usize): void {
  const row = units * 12, candidate = units * 8, state = batch * units * 4
  memory.fill(hidden, 0, state)
  for (let t = 0; t < steps; t++) {
    const z = gates + t * batch * row, h = hidden + t * state, through = resets + t * state
    gemm(batch, units * 3, features, x + t * features * 4, steps * features * 4, 4, kernel, row, 4, z, row, bias, 0, scratch)
    if (t > 0) gemm(batch, units * 2, units, h, units * 4, 4, recurrent, row, 4, z, row, 0, ADD, scratch)
    reset(batch, units, z, h, through, hard)
    if (t > 0) {
      gemm(batch, units, units, through, units * 4, 4, recurrent + candidate, row, 4, z + candidate, row, 0, ADD, scratch)
    }
    step(batch, units, z, h, h + state)
  }
}

/** Update and reset gate from what they are before activation, in place; r·h from them. */
function reset(batch: i32, units: i32, z: usize, h: usize, through: usize, hard: bool): void {
  const next: usize = units * 4
  for (let b = 0; b < batch; b++) {
    let j: usize = 0
    for (; j + 16 <= next; j += 16) resetAt(true, next, z + j, h + j, through + j, hard)
    for (; j < next; j += 4) resetAt(false, next, z + j, h + j, through + j, hard)
    z += 3 * next
    h += next
    through += next
  }
}

// @ts-ignore: decorator
@inline
function resetAt(whole: bool, next: usize, z: usize, h: usize, through: usize, hard: bool): void {
  const r = gate(take(z + next, whole), hard)
  put(z, gate(take(z, whole), hard), whole)
  put(z + next, r, whole)
  put(through, f32x4.mul(r, take(h, whole)), whole)
}

/** The candidate after its activation, in place, and the next state: z·h + (1 − z)·c. */
function step(batch: i32, units: i32, z: usize, h: usize, out: usize): void {
  const next: usize = units * 4
  for (let b = 0; b < batch; b++) {
    let j: usize = 0
    for (; j + 16 <= next; j += 16) stepAt(true, next, z + j, h + j, out + j)
    for (; j < next; j += 4) stepAt(false, next, z + j, h + j, out + j)
    z += 3 * next
    h += next
    out += next
  }
}

// @ts-ignore: decorator
@inline
function stepAt(whole: bool, next: usize, at: usize, h: usize, out: usize): void {
  const z = take(at, whole), c = tanh(take(at + 2 * next, whole))
  put(at + 2 * next, c, whole)
  put(out, f32x4.add(f32x4.mul(z, take(h, whole)), f32x4.mul(f32x4.sub(f32x4.splat(1), z), c)), whole)
}

/**
 * Gradients of a GRU layer from what its forward pass left. dy: [batch, steps, units], or of the last step only
 * [batch, units] with `dySteps` 1. dGates [steps, batch, 3·units] is room to work in. `dBias` may be 0.
 */
export function gruGradient(batch: i32, steps: i32, features: i32, units: i32, x: usize, kernel: usize,
  recurrent: usize, hidden: usize, resets: usize, gates: usize, dy: usize, dySteps: i32,
  dx: usize, dKernel: usize, dRecurrent: usize, dBias: usize, dGates: usize, hard: bool, scratch: usize): void {
  const row = units * 12, candidate = units * 8, state = batch * units * 4, width = units * 4
  const turned = (scratch + gemmScratchBytes() + 63) & ~63
  const dHidden = turned + units * row, dThrough = dHidden + state
  transpose(units, units * 3, recurrent, turned)
  memory.fill(dHidden, 0, state)
  for (let t = steps - 1; t >= 0; t--) {
    const z = gates + t * batch * row, h = hidden + t * state, dz = dGates + t * batch * row
    const isSeen = dySteps > 1 || t == steps - 1
    const slope = isSeen ? dy + (dySteps > 1 ? t * width : 0) : 0
    backStep(batch, units, z, h, dHidden, slope, dySteps * width, dz, hard)
    // Before the first moment the state is zero, whatever the reset gate.
    if (t == 0) memory.fill(dThrough, 0, state)
    else gemm(batch, units, units, dz + candidate, row, 4, turned + units * candidate, width, 4, dThrough, width, 0, 0, scratch)
    backReset(batch, units, z, h, dThrough, dHidden, dz, hard)
    if (t > 0) gemm(batch, units, units * 2, dz, row, 4, turned, width, 4, dHidden, width, 0, ADD, scratch)
    inputGradients(batch, steps, features, units * 3, t, x, kernel, dz, dx, dKernel, scratch)
  }
  gemm(units, units * 2, steps * batch, hidden, 4, width, dGates, row, 4, dRecurrent, row, 0, 0, scratch)
  gemm(units, units, steps * batch, resets, 4, width, dGates + candidate, row, 4, dRecurrent + candidate, row, 0, 0, scratch)
  if (dBias) sumRows(steps * batch, units * 3, dGates, dBias)
}

/** Back through the next state: slopes of update gate and candidate before activation; dHidden by the direct way. */
function backStep(batch: i32, units: i32, z: usize, h: usize, dHidden: usize, dy: usize, dyRow: usize,
  dz: usize, hard: bool): void {
  const next: usize = units * 4
  for (let b = 0; b < batch; b++) {
    let j: usize = 0
    for (; j + 16 <= next; j += 16) backStepAt(true, next, z + j, h + j, dHidden + j, dy ? dy + j : 0, dz + j, hard)
    for (; j < next; j += 4) backStepAt(false, next, z + j, h + j, dHidden + j, dy ? dy + j : 0, dz + j, hard)
    z += 3 * next
    dz += 3 * next
    h += next
    dHidden += next
    if (dy) dy += dyRow
  }
}

// @ts-ignore: decorator
@inline
function backStepAt(whole: bool, next: usize, at: usize, h: usize, dHidden: usize, dy: usize, dz: usize, hard: bool): void {
  const one = f32x4.splat(1)
  const z = take(at, whole), c = take(at + 2 * next, whole)
  let dh = take(dHidden, whole)
  if (dy) dh = f32x4.add(dh, take(dy, whole))
  put(dz, f32x4.mul(f32x4.mul(dh, f32x4.sub(take(h, whole), c)), slopeOf(z, hard)), whole)
  const dc = f32x4.mul(f32x4.mul(dh, f32x4.sub(one, z)), f32x4.sub(one, f32x4.mul(c, c)))
  put(dz + 2 * next, dc, whole)
  put(dHidden, f32x4.mul(dh, z), whole)
}

/** Back through r·h: the reset gate's slope before activation, and r's share of dHidden. */
function backReset(batch: i32, units: i32, z: usize, h: usize, dThrough: usize, dHidden: usize, dz: usize, hard: bool): void {
  const next: usize = units * 4
  for (let b = 0; b < batch; b++) {
    let j: usize = 0
    for (; j + 16 <= next; j += 16) backResetAt(true, next, z + j, h + j, dThrough + j, dHidden + j, dz + j, hard)
    for (; j < next; j += 4) backResetAt(false, next, z + j, h + j, dThrough + j, dHidden + j, dz + j, hard)
    z += 3 * next
    dz += 3 * next
    h += next
    dThrough += next
    dHidden += next
  }
}

// @ts-ignore: decorator
@inline
function backResetAt(whole: bool, next: usize, z: usize, h: usize, dThrough: usize, dHidden: usize, dz: usize, hard: bool): void {
  const r = take(z + next, whole), slope = take(dThrough, whole)
  put(dz + next, f32x4.mul(f32x4.mul(slope, take(h, whole)), slopeOf(r, hard)), whole)
  put(dHidden, f32x4.add(take(dHidden, whole), f32x4.mul(slope, r)), whole)
}
