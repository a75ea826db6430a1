// Operands of matrix products copied so that a tile's loop reads them one after the other.

/**
 * Panels of 8 columns, one after the other, each k × 8; what is beyond the last column is zero. `list`: 0, or the numbers
 * of the rows that are meant, of a table whose columns are contiguous.
 */
export function packB(k: i32, n: i32, b: usize, bRow: usize, bCol: usize, list: usize, to: usize): void {
  if (bCol != 4) {
    for (let j = 0; j < n; j += 8) packTransposed(k, min(8, n - j), b + j * bCol, bCol, to + j * k * 4)
    return
  }
  for (let j = 0; j + 8 <= n; j += 8) {
    let at = to + j * k * 4
    for (let p = 0; p < k; p++) {
      const from = rowOf(b, bRow, list, p) + j * 4
      v128.store(at, v128.load(from))
      v128.store(at, v128.load(from, 16), 16)
      at += 32
    }
  }
  if (n & 7) packEdge(k, n, b, bRow, list, to)
}

/** The last panel only, which has fewer than 8 columns. */
export function packEdge(k: i32, n: i32, b: usize, bRow: usize, list: usize, to: usize): void {
  const j = n & ~7
  let at = to + j * k * 4
  for (let p = 0; p < k; p++) {
    const from = rowOf(b, bRow, list, p) + j * 4
    v128.store(at, f32x4.splat(0))
    v128.store(at, f32x4.splat(0), 16)
    for (let q = 0; q < n - j; q++) store<f32>(at + q * 4, load<f32>(from + q * 4))
    at += 32
  }
}

/** Where row i of a matrix begins, or, unless `list` is 0, the row of a table that is listed there. */
// @ts-ignore: decorator
@inline
function rowOf(at: usize, row: usize, list: usize, i: i32): usize {
  return at + (list ? load<u32>(list + i * 4) : i) * row
}

/** One panel of a B that lies transposed: `columns` stretches of k values, `bCol` bytes apart. */
function packTransposed(k: i32, columns: i32, b: usize, bCol: usize, to: usize): void {
  packFour(k, min(4, columns), b, bCol, to)
  packFour(k, columns - 4, b + 4 * bCol, bCol, to + 16)
}

function packFour(k: i32, columns: i32, b: usize, bCol: usize, to: usize): void {
  let p = 0
  if (columns == 4) {
    const b1 = b + bCol, b2 = b1 + bCol, b3 = b2 + bCol
    for (; p + 4 <= k; p += 4) {
      const x0 = v128.load(b + p * 4), x1 = v128.load(b1 + p * 4)
      const x2 = v128.load(b2 + p * 4), x3 = v128.load(b3 + p * 4)
      const low01 = i32x4.shuffle(x0, x1, 0, 4, 1, 5), high01 = i32x4.shuffle(x0, x1, 2, 6, 3, 7)
      const low23 = i32x4.shuffle(x2, x3, 0, 4, 1, 5), high23 = i32x4.shuffle(x2, x3, 2, 6, 3, 7)
      v128.store(to, i64x2.shuffle(low01, low23, 0, 2))
      v128.store(to, i64x2.shuffle(low01, low23, 1, 3), 32)
      v128.store(to, i64x2.shuffle(high01, high23, 0, 2), 64)
      v128.store(to, i64x2.shuffle(high01, high23, 1, 3), 96)
      to += 128
    }
  }
  for (; p < k; p++) {
    v128.store(to, f32x4.splat(0))
    for (let q = 0; q < columns; q++) store<f32>(to + q * 4, load<f32>(b + q * bCol + p * 4))
    to += 32
  }
}

/** Tiles of a transposed A, whose columns are contiguous: for each tile k × rows. */
export function packA(m: i32, k: i32, a: usize, aCol: usize, to: usize): void {
  let i = 0
  for (let tiles = (m + 5) / 6; tiles > 0; tiles--) {
    const rows = (m - i + tiles - 1) / tiles
    let from = a + i * 4
    if (rows == 6) {
      for (let p = 0; p < k; p++) {
        v128.store(to, v128.load(from))
        v128.store64_lane(to, v128.load64_zero(from, 16), 0, 16)
        from += aCol
        to += 24
      }
    } else {
      for (let p = 0; p < k; p++) {
        for (let q = 0; q < rows; q++) store<f32>(to + q * 4, load<f32>(from + q * 4))
        from += aCol
        to += rows * 4
      }
    }
    i += rows
  }
}
