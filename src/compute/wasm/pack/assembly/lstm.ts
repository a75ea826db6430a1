// A whole LSTM layer, forward and backward through time (Hochreiter & Schmidhuber 1997; gates as in Keras: input,
// forget, cell, output). Everything between the layers' own tensors lies time by time, [steps, batch, …], so that the
// gradient of the recurrent weights is one matrix product over all of time.

import { gemm, gemmScratchBytes } from './gemm'
import { put, take } from './lanes'
import { tanh } from './math'
import { gate, inputGradients, slopeOf } from './recurrent'
import { sumRows } from './rows'
import { transpose } from './transpose'

const ADD: i32 = 1

/** How much memory `lstmGradient` wants as `scratch`: besides a product's, the recurrent weights transposed, dh and dc. */
export function lstmScratchBytes(batch: i32, units: i32): usize {
  return gemmScratchBytes() + units * 4 * units * 4 + 2 * batch * units * 4 + 64
}

/**
 * x [batch, steps, features] → hidden, cells [steps + 1, batch, units], of which the first are zeros, and the gates after
 * their activation [steps, batch, 4·units]. `bias` may be 0; `hard`: gates by the hard sigmoid.
 */
export function lstm(batch: i32, steps: i32, features: i32, units: i32, x: usize, kernel: usize, recurrent: usize,
  bias: usize, hidden: usize, cells: usize, gates: usize, hard: bool, scratch: usize): void {
  const row = units * 16, state = batch * units * 4
  memory.fill(hidden, 0, state)
  memory.fill(cells, 0, state)
  for (let t = 0; t < steps; t++) {
    const z = gates + t * batch * row
    gemm(batch, units * 4, features, x + t * features * 4, steps * features * 4, 4, kernel, row, 4, z, row, bias, 0, scratch)
    if (t > 0) {
      gemm(batch, units * 4, units, hidden + t * state, units * 4, 4, recurrent, row, 4, z, row, 0, ADD, scratch)
    }
    step(batch, units, z, cells + t * state, cells + (t + 1) * state, hidden + (t + 1) * state, hard)
  }
}

/** One moment: gates from what they are before activation, in place; cell and output from them. */
function step(batch: i32, units: i32, z: usize, before: usize, cell: usize, out: usize, hard: bool): void {
  const next: usize = units * 4
  for (let b = 0; b < batch; b++) {
    let j: usize = 0
    for (; j + 16 <= next; j += 16) stepAt(true, next, z + j, before + j, cell + j, out + j, hard)
    for (; j < next; j += 4) stepAt(false, next, z + j, before + j, cell + j, out + j, hard)
    z += 4 * next
    before += next
    cell += next
    out += next
  }
}

// @ts-ignore: decorator
@inline
function stepAt(whole: bool, next: usize, z: usize, before: usize, cell: usize, out: usize, hard: bool): void {
  const i = gate(take(z, whole), hard), f = gate(take(z + next, whole), hard)
  const g = tanh(take(z + 2 * next, whole)), o = gate(take(z + 3 * next, whole), hard)
  const c = f32x4.add(f32x4.mul(f, take(before, whole)), f32x4.mul(i, g))
  put(z, i, whole)
  put(z + next, f, whole)
  put(z + 2 * next, g, whole)
  put(z + 3 * next, o, whole)
  put(cell, c, whole)
  put(out, f32x4.mul(o, tanh(c)), whole)
}

/**
 * Gradients of an LSTM layer from what its forward pass left. dy: [batch, steps, units], or of the last step only
 * [batch, units] with `dySteps` 1. dGates [steps, batch, 4·units] is room to work in. `dBias` may be 0.
 */
export function lstmGradient(batch: i32, steps: i32, features: i32, units: i32, x: usize, kernel: usize,
  recurrent: usize, hidden: usize, cells: usize, gates: usize, dy: usize, dySteps: i32,
  dx: usize, dKernel: usize, dRecurrent: usize, dBias: usize, dGates: usize, hard: bool, scratch: usize): void {
  const row = units * 16, state = batch * units * 4
  const turned = (scratch + gemmScratchBytes() + 63) & ~63
  const dHidden = turned + units * row, dCell = dHidden + state
  transpose(units, units * 4, recurrent, turned)
  memory.fill(dHidden, 0, state)
  memory.fill(dCell, 0, state)
  for (let t = steps - 1; t >= 0; t--) {
    const dz = dGates + t * batch * row
    const isSeen = dySteps > 1 || t == steps - 1
    const slope = isSeen ? dy + (dySteps > 1 ? t * units * 4 : 0) : 0
    back(batch, units, gates + t * batch * row, cells + t * state, dHidden, dCell, slope, dySteps * units * 4, dz, hard)
    if (t > 0) gemm(batch, units, units * 4, dz, row, 4, turned, units * 4, 4, dHidden, units * 4, 0, 0, scratch)
    inputGradients(batch, steps, features, units * 4, t, x, kernel, dz, dx, dKernel, scratch)
  }
  gemm(units, units * 4, steps * batch, hidden, 4, units * 4, dGates, row, 4, dRecurrent, row, 0, 0, scratch)
  if (dBias) sumRows(steps * batch, units * 4, dGates, dBias)
}

/** One moment back: dCell becomes that of the moment before; dz are the slopes before the gates' activation. */
function back(batch: i32, units: i32, z: usize, before: usize, dHidden: usize, dCell: usize,
  dy: usize, dyRow: usize, dz: usize, hard: bool): void {
  const next: usize = units * 4, cells: usize = batch * units * 4
  for (let b = 0; b < batch; b++) {
    let j: usize = 0
    for (; j + 16 <= next; j += 16) {
      backAt(true, next, z + j, before + j, cells, dHidden + j, dCell + j, dy ? dy + j : 0, dz + j, hard)
    }
    for (; j < next; j += 4) {
      backAt(false, next, z + j, before + j, cells, dHidden + j, dCell + j, dy ? dy + j : 0, dz + j, hard)
    }
    z += 4 * next
    dz += 4 * next
    before += next
    dHidden += next
    dCell += next
    if (dy) dy += dyRow
  }
}

// @ts-ignore: decorator
@inline
function backAt(whole: bool, next: usize, z: usize, before: usize, cells: usize, dHidden: usize, dCell: usize,
  dy: usize, dz: usize, hard: bool): void {
  const one = f32x4.splat(1)
  const i = take(z, whole), f = take(z + next, whole), g = take(z + 2 * next, whole), o = take(z + 3 * next, whole)
  let dh = take(dHidden, whole)
  if (dy) dh = f32x4.add(dh, take(dy, whole))
  const squashed = tanh(take(before + cells, whole))
  const through = f32x4.mul(f32x4.mul(dh, o), f32x4.sub(one, f32x4.mul(squashed, squashed)))
  const dc = f32x4.add(take(dCell, whole), through)
  put(dz, f32x4.mul(f32x4.mul(dc, g), slopeOf(i, hard)), whole)
  put(dz + next, f32x4.mul(f32x4.mul(dc, take(before, whole)), slopeOf(f, hard)), whole)
  put(dz + 2 * next, f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g))), whole)
  put(dz + 3 * next, f32x4.mul(f32x4.mul(dh, squashed), slopeOf(o, hard)), whole)
  put(dCell, f32x4.mul(dc, f), whole)
}
