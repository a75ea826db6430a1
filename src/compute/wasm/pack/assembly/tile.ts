// The innermost loop of a matrix product: up to 6 rows × 8 columns of C, all of them in registers. Twelve sums, two
// stretches of B and one value of A make fifteen, which is what V8 has on x86-64.
//
// V8 12 is touchy about three things, each worth a third of the speed (it moves all loads of a step before its products
// otherwise, and runs out of registers): a tile is a function of its own, with no loop around the loop; the loop asks
// first whether there is more to do, not at its end; nothing is decided between the loop and the stores.

import { madd } from './lanes'

/** What the sums start from: nothing. */
export const FROM_ZERO: i32 = 0
/** What the sums start from: eight values of a bias, the same for each row. */
export const FROM_BIAS: i32 = 2

/**
 * C [rows × 8] = start + A [rows × k] · B [k × 8].
 *
 * All distances in bytes: `aRow` and `aStep` from one row of A to the next and from one column to the next, `bStep` and
 * `cRow` from one row of B and of C to the next.
 */
// @ts-ignore: decorator
@inline
function tile(rows: i32, k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  c: usize, cRow: usize, start: i32, bias: usize): void {
  const zero = f32x4.splat(0)
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero
  let c30 = zero, c31 = zero, c40 = zero, c41 = zero, c50 = zero, c51 = zero
  const r1 = c + cRow, r2 = r1 + cRow, r3 = r2 + cRow, r4 = r3 + cRow, r5 = r4 + cRow
  if (start == FROM_BIAS) {
    c00 = v128.load(bias); c01 = v128.load(bias, 16)
    c10 = c00; c20 = c00; c30 = c00; c40 = c00; c50 = c00
    c11 = c01; c21 = c01; c31 = c01; c41 = c01; c51 = c01
  }
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, a4 = a3 + aRow, a5 = a4 + aRow
  for (let left = k; left > 0; left--) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    let x = v128.load32_splat(a)
    c00 = madd(x, b0, c00); c01 = madd(x, b1, c01)
    if (rows > 1) { x = v128.load32_splat(a1); c10 = madd(x, b0, c10); c11 = madd(x, b1, c11); a1 += aStep }
    if (rows > 2) { x = v128.load32_splat(a2); c20 = madd(x, b0, c20); c21 = madd(x, b1, c21); a2 += aStep }
    if (rows > 3) { x = v128.load32_splat(a3); c30 = madd(x, b0, c30); c31 = madd(x, b1, c31); a3 += aStep }
    if (rows > 4) { x = v128.load32_splat(a4); c40 = madd(x, b0, c40); c41 = madd(x, b1, c41); a4 += aStep }
    if (rows > 5) { x = v128.load32_splat(a5); c50 = madd(x, b0, c50); c51 = madd(x, b1, c51); a5 += aStep }
    a += aStep
    b += bStep
  }
  v128.store(c, c00); v128.store(c, c01, 16)
  if (rows > 1) { v128.store(r1, c10); v128.store(r1, c11, 16) }
  if (rows > 2) { v128.store(r2, c20); v128.store(r2, c21, 16) }
  if (rows > 3) { v128.store(r3, c30); v128.store(r3, c31, 16) }
  if (rows > 4) { v128.store(r4, c40); v128.store(r4, c41, 16) }
  if (rows > 5) { v128.store(r5, c50); v128.store(r5, c51, 16) }
}

// Exported from the module too, so that the optimizer leaves them functions of their own.

export function tile6(k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  c: usize, cRow: usize, start: i32, bias: usize): void {
  tile(6, k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
}

export function tile5(k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  c: usize, cRow: usize, start: i32, bias: usize): void {
  tile(5, k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
}

export function tile4(k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  c: usize, cRow: usize, start: i32, bias: usize): void {
  tile(4, k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
}

export function tile3(k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  c: usize, cRow: usize, start: i32, bias: usize): void {
  tile(3, k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
}

export function tile2(k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  c: usize, cRow: usize, start: i32, bias: usize): void {
  tile(2, k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
}

export function tile1(k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  c: usize, cRow: usize, start: i32, bias: usize): void {
  tile(1, k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
}
