/** Matrix products on the heap: by this thread alone, or with helper threads where there are some and it pays. */
import { RELU } from './pack/flags.ts'
import type { Pack, PackFunctions } from './pack/index.ts'

/** How a matrix lies: the address of its first value, and bytes from one row and from one column to the next. */
export interface Lying {
  at: number
  row: number
  column: number
}

/** C = A · B, + bias, then ReLU if `relu`; or, where there is a `rate`, C ← C − rate · A · B. */
export interface Product {
  m: number
  n: number
  k: number
  /** [m × k], as it lies or transposed: one of its distances is 4. */
  a: Lying
  /** [k × n], likewise. */
  b: Lying
  /** Address of the numbers (32 bits each) of the k rows that B is of the table b. Absent or 0: its first k. */
  bRows?: number
  /** [m × n], and bytes from one row of it to the next. */
  c: number
  cRow: number
  /** Likewise of the m rows that C is of the table c; only with a rate. */
  cRows?: number
  /** Address of n values. Absent or 0: none. */
  bias?: number
  relu?: boolean
  rate?: number
}

/** The kernels that products are computed by, on one memory. */
export type ProductFunctions = Pick<PackFunctions, 'gemm' | 'gemmOfRows' | 'descend'>

/** Compute a product; the same bits by however many threads. */
export function multiply(pack: Pack, product: Product): void {
  if (pack.helpers?.multiply(product) !== true) multiplyAlone(pack, product)
}

/** On this thread. */
export function multiplyAlone({ functions, scratch }: Pack, product: Product): void {
  compute(functions, product, scratch(functions.gemmScratchBytes()))
}

/** By the kernel that it takes. */
export function compute(functions: ProductFunctions, product: Product, scratch: number): void {
  const { m, n, k, a, b, bRows = 0, c, cRow, cRows = 0, bias = 0, relu = false, rate } = product
  const left = [m, n, k, a.at, a.row, a.column] as const
  const to = [c, cRow, bias, relu ? RELU : 0, scratch] as const
  if (rate != null) functions.descend(...left, b.at, b.row, b.column, c, cRow, cRows, rate, scratch)
  else if (bRows !== 0) functions.gemmOfRows(...left, b.at, b.row, bRows, ...to)
  else functions.gemm(...left, b.at, b.row, b.column, ...to)
}
