// Matrix products: C [m × n] = A [m × k] · B [k × n], either operand as it lies or transposed, + bias, ReLU.
//
// B is taken in panels of 8 columns, C in tiles of up to 6 rows × 8 columns. A value of A is only ever spread over four
// lanes, so A is read in place whichever way it lies. B is read in place where its rows are contiguous and few rows of A
// use it; else its panels are copied into `scratch` first, a block of KC × NC at a time, which then stays in the second
// cache while MC rows of A pass.

import { madd } from './lanes'
import { packA, packB, packEdge } from './packing'
import { FROM_BIAS, FROM_ZERO, tile1, tile2, tile3, tile4, tile5, tile6 } from './tile'

const KC: i32 = 256
const MC: i32 = 96
const NC: i32 = 512
/** Where a tile's sums go: they are added to what C holds, but as sums of their own, so that errors grow with one stretch. */
const FROM_C: i32 = 1
/** Rows of A up to which copying panels of B costs more than it gains. */
const FEW_ROWS: i32 = 48
/** Columns of B from which copying a transposed A pays. */
const MANY_COLUMNS: i32 = 96

/** One tile's worth of C, where there are columns beyond the last, or C is added to. */
const EDGE_BYTES: usize = 6 * 8 * 4 + 64
const A_BYTES: usize = MC * KC * 4
const B_BYTES: usize = KC * NC * 4

/** How much memory `gemm` wants as `scratch`. */
export function gemmScratchBytes(): usize {
  return EDGE_BYTES + A_BYTES + B_BYTES
}

/** Go on with what C holds instead of starting from zero or the bias. */
const ACCUMULATE: i32 = 1
const RELU: i32 = 2

/** Where a tile's sums go, times `descentRate`: they are taken from what C holds. */
const DOWN_FROM_C: i32 = 3
let descentRate: f32 = 0

/**
 * All distances in bytes. `aRow` and `aCol` lead to A's next row and next column, one of them 4; `bRow` and `bCol` the
 * same for B; `bias` is 0 or the address of n values.
 */
export function gemm(m: i32, n: i32, k: i32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, bCol: usize,
  c: usize, cRow: usize, bias: usize, flags: i32, scratch: usize): void {
  const first = flags & ACCUMULATE ? FROM_C : bias ? FROM_BIAS : FROM_ZERO
  product(m, n, k, a, aRow, aCol, b, bRow, bCol, 0, c, cRow, 0, first, bias, (flags & RELU) != 0, scratch)
}

/** C = A · B (+ bias, ReLU), B's rows being those listed of the table b, whose columns are contiguous. */
export function gemmOfRows(m: i32, n: i32, k: i32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, rows: usize,
  c: usize, cRow: usize, bias: usize, flags: i32, scratch: usize): void {
  const first = bias ? FROM_BIAS : FROM_ZERO
  product(m, n, k, a, aRow, aCol, b, bRow, 4, rows, c, cRow, 0, first, bias, (flags & RELU) != 0, scratch)
}

/** C ← C − rate · A · B: a step down. C's rows are those listed of the table c, or where `rows` is 0 its first m. */
export function descend(m: i32, n: i32, k: i32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, bCol: usize,
  c: usize, cRow: usize, rows: usize, rate: f32, scratch: usize): void {
  descentRate = rate
  product(m, n, k, a, aRow, aCol, b, bRow, bCol, 0, c, cRow, rows, DOWN_FROM_C, 0, false, scratch)
}

/** `bRows` and `cRows`: 0, or the addresses of lists of numbers of rows. */
function product(m: i32, n: i32, k: i32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, bCol: usize,
  bRows: usize, c: usize, cRow: usize, cRows: usize, first: i32, bias: usize, relu: bool, scratch: usize): void {
  const inPlace = bCol == 4 && m <= FEW_ROWS && bRows == 0
  const isDown = first == DOWN_FROM_C
  // Stretches of equal length; one, even if k is 0, as C is written.
  const stretches = max(1, (k + KC - 1) / KC)
  const kc = (k + stretches - 1) / stretches
  for (let s = 0; s < stretches; s++) {
    const p = s * kc
    const depth = min(kc, k - p)
    const start = s == 0 || isDown ? first : FROM_C
    const isLast = s == stretches - 1
    for (let j = 0; j < n; j += NC) {
      const width = min(NC, n - j)
      const bFrom = b + p * bRow + j * bCol
      const packed = scratch + EDGE_BYTES + A_BYTES
      if (bRows) packB(depth, width, b + j * 4, bRow, 4, bRows + p * 4, packed)
      else if (!inPlace) packB(depth, width, bFrom, bRow, bCol, 0, packed)
      else if (width & 7) packEdge(depth, width, bFrom, bRow, 0, packed)
      for (let i = 0; i < m; i += MC) {
        block(min(MC, m - i), width, depth, a + i * aRow + p * aCol, aRow, aCol, bFrom, bRow, inPlace,
          cRows ? c + j * 4 : c + i * cRow + j * 4, cRow, cRows ? cRows + i * 4 : 0, start, bias ? bias + j * 4 : 0, relu && isLast, scratch)
      }
    }
  }
}

function block(m: i32, n: i32, k: i32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, inPlace: bool,
  c: usize, cRow: usize, cRows: usize, start: i32, bias: usize, relu: bool, scratch: usize): void {
  const packedB = scratch + EDGE_BYTES + A_BYTES
  const copiesA = aCol != 4 && n >= MANY_COLUMNS
  if (copiesA) packA(m, k, a, aCol, scratch + EDGE_BYTES)
  for (let j = 0; j < n; j += 8) {
    const isEdge = n - j < 8
    const isPacked = !inPlace || isEdge
    const panel = isPacked ? packedB + j * k * 4 : b + j * 4
    const bStep: usize = isPacked ? 32 : bRow
    let i = 0
    for (let tiles = (m + 5) / 6; tiles > 0; tiles--) {
      const rows = (m - i + tiles - 1) / tiles
      const from = copiesA ? scratch + EDGE_BYTES + i * k * 4 : a + i * aRow
      const row: usize = copiesA ? 4 : aRow
      const step: usize = copiesA ? rows * 4 : aCol
      const to = c + i * cRow + j * 4
      if (start == DOWN_FROM_C) {
        tileOf(rows, k, from, row, step, panel, bStep, scratch, 32, FROM_ZERO, 0)
        if (cRows) takeListed(rows, min(8, n - j), scratch, c + j * 4, cRow, cRows + i * 4)
        else takeTile(rows, min(8, n - j), scratch, to, cRow)
      } else if (isEdge || start == FROM_C) {
        tileOf(rows, k, from, row, step, panel, bStep, scratch, 32, FROM_ZERO, 0)
        if (isEdge) finish(rows, n - j, scratch, to, cRow, start, bias + j * 4, relu)
        else addTile(rows, scratch, to, cRow)
      } else {
        tileOf(rows, k, from, row, step, panel, bStep, to, cRow, start, bias + j * 4)
      }
      if (relu && !isEdge) rectify(rows, to, cRow)
      i += rows
    }
  }
}

/** A tile of C of 1 to 6 rows: see tile.ts. */
// @ts-ignore: decorator
@inline
export function tileOf(rows: i32, k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  c: usize, cRow: usize, start: i32, bias: usize): void {
  if (rows == 6) tile6(k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
  else if (rows == 5) tile5(k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
  else if (rows == 4) tile4(k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
  else if (rows == 3) tile3(k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
  else if (rows == 2) tile2(k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
  else tile1(k, a, aRow, aStep, b, bStep, c, cRow, start, bias)
}

/** ReLU of rows × 8 values; NaN stays. (`pmax` is one instruction, `max` eight.) */
function rectify(rows: i32, c: usize, cRow: usize): void {
  const zero = f32x4.splat(0)
  for (; rows > 0; rows--) {
    v128.store(c, f32x4.pmax(v128.load(c), zero))
    v128.store(c, f32x4.pmax(v128.load(c, 16), zero), 16)
    c += cRow
  }
}

/** C [rows × 8] += tile. */
function addTile(rows: i32, tile: usize, c: usize, cRow: usize): void {
  for (; rows > 0; rows--) {
    v128.store(c, f32x4.add(v128.load(c), v128.load(tile)))
    v128.store(c, f32x4.add(v128.load(c, 16), v128.load(tile, 16)), 16)
    tile += 32
    c += cRow
  }
}

/** C [rows × columns] −= rate · tile. */
function takeTile(rows: i32, columns: i32, tile: usize, c: usize, cRow: usize): void {
  for (; rows > 0; rows--) {
    takeRow(columns, tile, c)
    tile += 32
    c += cRow
  }
}

/** The same of the listed rows of c. A function of its own: asking in the loop costs a small network's step 7 %. */
function takeListed(rows: i32, columns: i32, tile: usize, c: usize, cRow: usize, list: usize): void {
  for (; rows > 0; rows--) {
    takeRow(columns, tile, c + load<u32>(list) * cRow)
    tile += 32
    list += 4
  }
}

// @ts-ignore: decorator
@inline
function takeRow(columns: i32, tile: usize, c: usize): void {
  const by = f32x4.splat(-descentRate)
  if (columns == 8) {
    v128.store(c, madd(by, v128.load(tile), v128.load(c)))
    v128.store(c, madd(by, v128.load(tile, 16), v128.load(c, 16)), 16)
  } else {
    for (let j = 0; j < columns; j++) {
      const value = madd(by, v128.load32_zero(tile + j * 4), v128.load32_zero(c + j * 4))
      v128.store32_lane(c + j * 4, value, 0)
    }
  }
}

/** From a tile of 8 columns, of which `columns` exist, to C or added to C. */
function finish(rows: i32, columns: i32, tile: usize, c: usize, cRow: usize, start: i32, bias: usize, relu: bool): void {
  const isFromC = start == FROM_C, isFrom = start != FROM_ZERO
  const least: f32 = relu ? 0 : -Infinity
  for (let i = 0; i < rows; i++) {
    const from = isFromC ? c : bias
    let j = 0
    if (columns >= 4) {
      let values = v128.load(tile)
      if (isFrom) values = f32x4.add(values, v128.load(from))
      if (relu) values = f32x4.pmax(values, f32x4.splat(0))
      v128.store(c, values)
      j = 4
    }
    for (; j < columns; j++) {
      let value = load<f32>(tile + j * 4)
      if (isFrom) value += load<f32>(from + j * 4)
      store<f32>(c + j * 4, value < least ? least : value)
    }
    tile += 32
    c += cRow
  }
}
