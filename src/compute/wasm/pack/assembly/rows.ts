// Element by element, row by row: bias, ReLU and their gradients.

import { put, take } from './lanes'

/** y [rows × n] = x + bias [n]. */
export function addRow(rows: i32, n: i32, x: usize, bias: usize, y: usize): void {
  for (let r = 0; r < rows; r++) {
    let j = 0
    for (; j + 4 <= n; j += 4) {
      v128.store(y, f32x4.add(v128.load(x), v128.load(bias + j * 4)))
      x += 16
      y += 16
    }
    for (; j < n; j++) {
      store<f32>(y, load<f32>(x) + load<f32>(bias + j * 4))
      x += 4
      y += 4
    }
  }
}

/** sums [n] = the sum of the rows of x [rows × n], added from the first to the last. */
export function sumRows(rows: i32, n: i32, x: usize, sums: usize): void {
  const row = n * 4
  let j = 0
  for (; j + 16 <= n; j += 16) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
    let at = x + j * 4
    for (let r = rows; r > 0; r--) {
      s0 = f32x4.add(s0, v128.load(at))
      s1 = f32x4.add(s1, v128.load(at, 16))
      s2 = f32x4.add(s2, v128.load(at, 32))
      s3 = f32x4.add(s3, v128.load(at, 48))
      at += row
    }
    v128.store(sums + j * 4, s0)
    v128.store(sums + j * 4, s1, 16)
    v128.store(sums + j * 4, s2, 32)
    v128.store(sums + j * 4, s3, 48)
  }
  for (; j < n; j++) {
    let sum: f32 = 0
    let at = x + j * 4
    for (let r = rows; r > 0; r--) {
      sum += load<f32>(at)
      at += row
    }
    store<f32>(sums + j * 4, sum)
  }
}

/** dx = dy where x > 0, else 0. */
export function reluGradient(size: i32, x: usize, dy: usize, dx: usize): void {
  const zero = f32x4.splat(0)
  let i = 0
  for (; i + 4 <= size; i += 4) {
    const at = i * 4
    v128.store(dx + at, v128.and(v128.load(dy + at), f32x4.gt(v128.load(x + at), zero)))
  }
  for (; i < size; i++) {
    const at = i * 4
    store<f32>(dx + at, load<f32>(x + at) > 0 ? load<f32>(dy + at) : 0)
  }
}

/** As `reluGradient` on rows × n, and sums [n] = the sum of dx's rows, added from the first to the last: in one pass. */
export function biasReluGradient(rows: i32, n: i32, y: usize, dy: usize, dx: usize, sums: usize): void {
  memory.fill(sums, 0, n * 4)
  for (let r = 0; r < rows; r++) {
    let j = 0
    for (; j + 4 <= n; j += 4) biasReluAt(true, y + j * 4, dy + j * 4, dx + j * 4, sums + j * 4)
    for (; j < n; j++) biasReluAt(false, y + j * 4, dy + j * 4, dx + j * 4, sums + j * 4)
    y += n * 4
    dy += n * 4
    dx += n * 4
  }
}

// @ts-ignore: decorator
@inline
function biasReluAt(whole: bool, y: usize, dy: usize, dx: usize, sum: usize): void {
  const slope = v128.and(take(dy, whole), f32x4.gt(take(y, whole), f32x4.splat(0)))
  put(dx, slope, whole)
  put(sum, f32x4.add(take(sum, whole), slope), whole)
}

/** sums [segments × n] = 0, then each row of x added at its id; ids outside are dropped. Touches the rows used only. */
export function addRowsById(count: i32, n: i32, x: usize, ids: usize, segments: i32, sums: usize): void {
  for (let i = 0; i < count; i++) {
    const id = load<i32>(ids + i * 4)
    if (id >= 0 && id < segments) {
      const to = sums + id * n * 4
      let j = 0
      for (; j + 4 <= n; j += 4) v128.store(to + j * 4, f32x4.add(v128.load(to + j * 4), v128.load(x + j * 4)))
      for (; j < n; j++) store<f32>(to + j * 4, load<f32>(to + j * 4) + load<f32>(x + j * 4))
    }
    x += n * 4
  }
}

/** y [count × n] = the rows of table [rows × n] by their ids. @returns the place of the first id outside, or −1 */
export function gatherRows(count: i32, n: i32, table: usize, rows: i32, ids: usize, y: usize): i32 {
  for (let i = 0; i < count; i++) {
    const id = load<i32>(ids + i * 4)
    if (id < 0 || id >= rows) return i
    const from = table + id * n * 4
    let j = 0
    for (; j + 4 <= n; j += 4) v128.store(y + j * 4, v128.load(from + j * 4))
    for (; j < n; j++) store<f32>(y + j * 4, load<f32>(from + j * 4))
    y += n * 4
  }
  return -1
}
