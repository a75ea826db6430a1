/** Matrices copied from one memory to another. */
import type { Lying, Product } from '../product.ts'

/** A matrix in memory. */
export interface Extent extends Lying {
  rows: number
  columns: number
  /** Address, in the same memory, of the numbers (32 bits each) of its rows in a table. 0: the first ones. */
  list: number
}

/** A. */
export const leftOf = ({ a, m, k }: Product): Extent => ({ ...a, rows: m, columns: k, list: 0 })

/** B. */
export const rightOf = ({ b, bRows = 0, k, n }: Product): Extent => ({
  ...b,
  rows: k,
  columns: n,
  list: bRows
})

/** C. */
export const resultOf = ({ c, cRow, cRows = 0, m, n }: Product): Extent => ({
  ...{ at: c, row: cRow, column: 4 },
  ...{ rows: m, columns: n, list: cRows }
})

/** One row. */
export const lineAt = (at: number, columns: number): Extent => ({
  ...{ at, row: 4 * columns, column: 4 },
  ...{ rows: 1, columns, list: 0 }
})

/** The same matrix elsewhere, without gaps, turned as it was. */
export function packedAt(at: number, { rows, columns, column }: Extent): Extent {
  const distances = column === 4 ? { row: 4 * columns, column } : { row: 4, column: 4 * rows }
  return { at, ...distances, rows, columns, list: 0 }
}

/** Copy a matrix to one of the same size that is turned as it is; `from` and `to` are whole memories. */
export function copyMatrix(
  source: Extent,
  target: Extent,
  { from, to }: { from: Float32Array; to: Float32Array }
): void {
  const [count, length] = linesOf(source)
  const [step, toStep] = [stepOf(source), stepOf(target)]
  const isListed = source.list !== 0 || target.list !== 0
  if (!isListed && step === 4 * length && toStep === step) {
    to.set(from.subarray(source.at / 4, source.at / 4 + count * length), target.at / 4)
    return
  }
  const [numbers, toNumbers] = [numbersOf(source, from), numbersOf(target, to)]
  for (let i = 0; i < count; i++) {
    const at = (source.at + (numbers?.[i] ?? i) * step) / 4
    to.set(from.subarray(at, at + length), (target.at + (toNumbers?.[i] ?? i) * toStep) / 4)
  }
}

/** How many stretches of how many values, each without gaps. */
const linesOf = ({ rows, columns, column }: Extent): [count: number, length: number] =>
  column === 4 ? [rows, columns] : [columns, rows]

const stepOf = ({ row, column }: Extent): number => (column === 4 ? row : column)

const numbersOf = ({ list, rows }: Extent, memory: Float32Array): Uint32Array | null =>
  list === 0 ? null : new Uint32Array(memory.buffer, list, rows)
