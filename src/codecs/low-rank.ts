/**
 * A matrix M (rows × columns) as P · Qᵀ with few columns each: P an orthonormal basis of what M reaches most of, found by
 * power iteration, and Q = Mᵀ · P, so that P · Qᵀ is M projected onto it. In float64 with + − × ÷ √ alone: the same bits on
 * every platform.
 */
import { normal } from '../random.ts'
import type { Random } from '../random.ts'

/** Rounds of power iteration. */
const ITERATIONS = 2
/** What is left of a column of less than this share of its length lies in the span of those before it: rounding. */
const NEGLIGIBLE = 1e-12

/** Their columns, one after the other: `left` has `rank` of length `rows`, `right` as many of length `columns`. */
export interface Factors {
  left: Float64Array
  right: Float64Array
}

export interface Dimensions {
  rows: number
  columns: number
  rank: number
}

/** @param matrix - row by row */
export function factorise(matrix: Float32Array, size: Dimensions, random: Random): Factors {
  const { rows, columns, rank } = size
  const left = new Float64Array(rank * rows)
  const right = Float64Array.from({ length: rank * columns }, () => normal(random))
  for (let i = 0; i < ITERATIONS; i++) {
    if (i > 0) orthonormalise(right, rank)
    times(matrix, size, { left, right })
    orthonormalise(left, rank)
    transposedTimes(matrix, size, { left, right })
  }
  return { left, right }
}

/** left ← M · right */
function times(matrix: Float32Array, { rows, columns, rank }: Dimensions, { left, right }: Factors): void {
  for (let row = 0; row < rows; row++) {
    const values = matrix.subarray(row * columns, (row + 1) * columns)
    for (let k = 0; k < rank; k++) left[k * rows + row] = dot(values, right, k * columns)
  }
}

/** Four sums, so that no addition waits for the one before it. */
function dot(values: Float32Array, others: Float64Array, from: number): number {
  let [a, b, c, d] = [0, 0, 0, 0]
  const whole = values.length - (values.length % 4)
  for (let i = 0; i < whole; i += 4) {
    a += values[i] * others[from + i]
    b += values[i + 1] * others[from + i + 1]
    c += values[i + 2] * others[from + i + 2]
    d += values[i + 3] * others[from + i + 3]
  }
  for (let i = whole; i < values.length; i++) a += values[i] * others[from + i]
  return a + b + (c + d)
}

/** right ← Mᵀ · left */
function transposedTimes(
  matrix: Float32Array,
  { rows, columns, rank }: Dimensions,
  { left, right }: Factors
): void {
  right.fill(0)
  for (let row = 0; row < rows; row++) {
    const values = matrix.subarray(row * columns, (row + 1) * columns)
    for (let k = 0; k < rank; k++) addMultiple(right, k * columns, { values, factor: left[k * rows + row] })
  }
}

/** Add a vector, times a factor, to as many values from `at` on. */
export function addMultiple(
  to: Float64Array,
  at: number,
  { values, factor }: { values: Float32Array; factor: number }
): void {
  for (let i = 0; i < values.length; i++) to[at + i] += factor * values[i]
}

/** Gram–Schmidt of `rank` vectors, twice each, in place. One that adds nothing to those before it becomes zero. */
export function orthonormalise(basis: Float64Array, rank: number): void {
  const length = basis.length / rank
  const vectors = Array.from({ length: rank }, (_, k) => basis.subarray(k * length, (k + 1) * length))
  vectors.forEach((vector, k) => {
    const before = normOf(vector)
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors.slice(0, k)) subtractProjection(vector, other)
    }
    const norm = normOf(vector)
    // What is no number stays none.
    const scale = norm <= before * NEGLIGIBLE ? 0 : 1 / norm
    for (let i = 0; i < length; i++) vector[i] *= scale
  })
}

function subtractProjection(vector: Float64Array, other: Float64Array): void {
  let share = 0
  for (let i = 0; i < vector.length; i++) share += vector[i] * other[i]
  for (let i = 0; i < vector.length; i++) vector[i] -= share * other[i]
}

function normOf(vector: Float64Array): number {
  let sum = 0
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i]
  return Math.sqrt(sum)
}
