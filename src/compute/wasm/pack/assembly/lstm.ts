// A whole LSTM layer, forward and backward through time (Hochreiter & Schmidhuber 1997; gates as in Keras: input,
// forget, cell, output). Everything between the layers' own tensors lies time by time, [steps, batch, …], so that the
// gradient of the recurrent weights is one matrix product over all of time.
//
// `units` is a multiple of 4 here; what is not, is left to the plain implementation.

import { gemm, gemmScratchBytes } from './gemm'
import { hardSigmoid, sigmoid, tanh } from './math'
import { sumRows } from './rows'

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
  const gate = units * 4
  for (let b = 0; b < batch; b++) {
    for (let j = 0; j < gate; j += 16) {
      const at = z + j
      const pre0 = v128.load(at), pre1 = v128.load(at + gate), pre3 = v128.load(at + 3 * gate)
      const i = hard ? hardSigmoid(pre0) : sigmoid(pre0)
      const f = hard ? hardSigmoid(pre1) : sigmoid(pre1)
      const o = hard ? hardSigmoid(pre3) : sigmoid(pre3)
      const g = tanh(v128.load(at + 2 * gate))
      const c = f32x4.add(f32x4.mul(f, v128.load(before)), f32x4.mul(i, g))
      v128.store(at, i)
      v128.store(at + gate, f)
      v128.store(at + 2 * gate, g)
      v128.store(at + 3 * gate, o)
      v128.store(cell, c)
      v128.store(out, f32x4.mul(o, tanh(c)))
      before += 16
      cell += 16
      out += 16
    }
    z += 4 * gate
  }
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
    // dx and the kernel's share of this moment; x lies batch by batch.
    const apart = steps * features * 4, at = t * features * 4
    gemm(batch, features, units * 4, dz, row, 4, kernel, 4, row, dx + at, apart, 0, 0, scratch)
    gemm(features, units * 4, batch, x + at, 4, apart, dz, row, 4, dKernel, row, 0, t < steps - 1 ? ADD : 0, scratch)
  }
  gemm(units, units * 4, steps * batch, hidden, 4, units * 4, dGates, row, 4, dRecurrent, row, 0, 0, scratch)
  if (dBias) sumRows(steps * batch, units * 4, dGates, dBias)
}

/** One moment back: dCell becomes that of the moment before; dz are the slopes before the gates' activation. */
function back(batch: i32, units: i32, z: usize, before: usize, dHidden: usize, dCell: usize,
  dy: usize, dyRow: usize, dz: usize, hard: bool): void {
  const gate = units * 4, one = f32x4.splat(1)
  const cells = before + batch * gate
  for (let b = 0; b < batch; b++) {
    for (let j = 0; j < gate; j += 16) {
      const at = b * gate + j
      const i = v128.load(z + j), f = v128.load(z + gate + j)
      const g = v128.load(z + 2 * gate + j), o = v128.load(z + 3 * gate + j)
      let dh = v128.load(dHidden + at)
      if (dy) dh = f32x4.add(dh, v128.load(dy + j))
      const squashed = tanh(v128.load(cells + at))
      const through = f32x4.mul(f32x4.mul(dh, o), f32x4.sub(one, f32x4.mul(squashed, squashed)))
      const dc = f32x4.add(v128.load(dCell + at), through)
      v128.store(dz + j, f32x4.mul(f32x4.mul(dc, g), slopeOf(i, hard)))
      v128.store(dz + gate + j, f32x4.mul(f32x4.mul(dc, v128.load(before + at)), slopeOf(f, hard)))
      v128.store(dz + 2 * gate + j, f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g))))
      v128.store(dz + 3 * gate + j, f32x4.mul(f32x4.mul(dh, squashed), slopeOf(o, hard)))
      v128.store(dCell + at, f32x4.mul(dc, f))
    }
    z += 4 * gate
    dz += 4 * gate
    if (dy) dy += dyRow
  }
}

/** The derivative of a gate's activation by its value: y·(1 − y), or a fifth between 0 and 1. */
// @ts-ignore: decorator
@inline
function slopeOf(y: v128, hard: bool): v128 {
  const one = f32x4.splat(1)
  if (!hard) return f32x4.mul(y, f32x4.sub(one, y))
  const isInside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, one))
  return v128.and(isInside, f32x4.splat(0.2))
}

/** to [columns × rows] = from [rows × columns], transposed; both multiples of 4. */
function transpose(rows: i32, columns: i32, from: usize, to: usize): void {
  for (let i = 0; i < rows; i += 4) {
    for (let j = 0; j < columns; j += 4) {
      let at = from + (i * columns + j) * 4
      const x0 = v128.load(at)
      at += columns * 4
      const x1 = v128.load(at)
      at += columns * 4
      const x2 = v128.load(at)
      at += columns * 4
      const x3 = v128.load(at)
      const low01 = i32x4.shuffle(x0, x1, 0, 4, 1, 5), high01 = i32x4.shuffle(x0, x1, 2, 6, 3, 7)
      const low23 = i32x4.shuffle(x2, x3, 0, 4, 1, 5), high23 = i32x4.shuffle(x2, x3, 2, 6, 3, 7)
      let out = to + (j * rows + i) * 4
      v128.store(out, i64x2.shuffle(low01, low23, 0, 2))
      out += rows * 4
      v128.store(out, i64x2.shuffle(low01, low23, 1, 3))
      out += rows * 4
      v128.store(out, i64x2.shuffle(high01, high23, 0, 2))
      out += rows * 4
      v128.store(out, i64x2.shuffle(high01, high23, 1, 3))
    }
  }
}
