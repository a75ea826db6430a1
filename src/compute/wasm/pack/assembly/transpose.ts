// Matrices turned over.

/** to [columns × rows] = from [rows × columns], transposed: by squares of 4 × 4, the edges value by value. */
export function transpose(rows: i32, columns: i32, from: usize, to: usize): void {
  const wholeRows = rows & ~3, wholeColumns = columns & ~3
  for (let i = 0; i < wholeRows; i += 4) {
    for (let j = 0; j < wholeColumns; j += 4) {
      square(from + (i * columns + j) * 4, columns * 4, to + (j * rows + i) * 4, rows * 4)
    }
  }
  edge(0, wholeRows, wholeColumns, columns, from, columns, to, rows)
  edge(wholeRows, rows, 0, columns, from, columns, to, rows)
}

// @ts-ignore: decorator
@inline
function square(from: usize, fromRow: usize, to: usize, toRow: usize): void {
  const from1 = from + fromRow, from2 = from1 + fromRow, from3 = from2 + fromRow
  const x0 = v128.load(from), x1 = v128.load(from1), x2 = v128.load(from2), x3 = v128.load(from3)
  const low01 = i32x4.shuffle(x0, x1, 0, 4, 1, 5), high01 = i32x4.shuffle(x0, x1, 2, 6, 3, 7)
  const low23 = i32x4.shuffle(x2, x3, 0, 4, 1, 5), high23 = i32x4.shuffle(x2, x3, 2, 6, 3, 7)
  v128.store(to, i64x2.shuffle(low01, low23, 0, 2))
  v128.store(to + toRow, i64x2.shuffle(low01, low23, 1, 3))
  v128.store(to + 2 * toRow, i64x2.shuffle(high01, high23, 0, 2))
  v128.store(to + 3 * toRow, i64x2.shuffle(high01, high23, 1, 3))
}

function edge(i0: i32, i1: i32, j0: i32, j1: i32, from: usize, columns: i32, to: usize, rows: i32): void {
  for (let i = i0; i < i1; i++) {
    for (let j = j0; j < j1; j++) store<f32>(to + (j * rows + i) * 4, load<f32>(from + (i * columns + j) * 4))
  }
}
