/**
 * How a product is shared out. C is cut along its rows or its columns, never along the sums, and where tiles end: each
 * value is computed by the same operations in the same order as on one thread, whoever does it.
 */
import type { Lying, Product } from '../product.ts'

/** Which of C's dimensions is cut. */
export type Axis = 'rows' | 'columns'

/** The caller has [0, own), on its own heap; what follows is the helpers', in parts. */
export interface Split {
  axis: Axis
  own: number
  /** Where the helpers' parts begin, ascending, and where the last one ends. */
  bounds: number[]
}

/** Additions and multiplications, half a millisecond's: of smaller ones waking and waiting takes the most of what is gained. */
const LEAST_PRODUCT = 2 ** 25
/** Parts that a product is cut into at most. */
export const MOST_PARTS = 64
/** Edges of tiles: see pack/assembly/tile.ts. */
const UNIT: Record<Axis, number> = { rows: 6, columns: 8 }
/**
 * Additions and multiplications of a part. 0.1 ms at least: looking for the next one costs something too. A millisecond at
 * most, so that a helper which loses its processor has little that others wait for.
 */
const PART = { least: 2 ** 22, most: 2 ** 26 }
/** Rows or columns of a part at least: each part of rows prepares B, each of columns a transposed A. */
const LEAST = { prepared: 96, plain: 24 }
/** What a core computes and copies, roughly: only their ratio decides. Operations and bytes a second. */
const SPEED = { product: 50e9, copy: 10e9 }
/** Seconds that it takes to copy a stretch of memory beside its bytes, and to wake a helper. */
const CALL = { copy: 0.05e-6, wake: 30e-6 }
/** Of a helper's share. */
const USUAL_PARTS = 4
/** The time that helpers save must be so many times that of copying for them. */
const WORTH = 2

/** Null where one thread is as good. */
export function splitOf(product: Product, threads: number): Split | null {
  const { m, n, k } = product
  const operations = 2 * m * n * k
  if (operations < LEAST_PRODUCT) return null
  const [first, second] = (['rows', 'columns'] as const).map((axis) => {
    const size = axis === 'rows' ? m : n
    const own = Math.min(size, whole(size / threads, axis))
    const saved = ((operations / SPEED.product) * (size - own)) / size
    return { axis, own, size, gain: saved - WORTH * costOf(product, axis, size - own) }
  })
  const { axis, own, size, gain } = first.gain > second.gain ? first : second
  if (gain <= 0) return null
  const least = axis === 'columns' && product.a.column === 4 ? LEAST.plain : LEAST.prepared
  return { axis, own, bounds: boundsOf({ axis, own, size, least, each: operations / size }, threads - 1) }
}

/** The next edge of a tile. */
const whole = (size: number, axis: Axis): number => Math.ceil(size / UNIT[axis]) * UNIT[axis]

interface Shares {
  axis: Axis
  own: number
  size: number
  /** Rows or columns of a part. */
  least: number
  /** Operations of one row or column. */
  each: number
}

/**
 * Large parts first, smaller ones towards the end, of what is left half of everybody's share: whoever is late leaves
 * little to wait for (Polychronopoulos and Kuck 1987, guided self-scheduling).
 */
function boundsOf({ axis, own, size, least: fewest, each }: Shares, helpers: number): number[] {
  const bounds = [own]
  const least = Math.max(fewest, PART.least / each)
  const most = Math.max(least, PART.most / each, (2 * (size - own)) / MOST_PARTS)
  for (let at = own; at < size;) {
    const isLast = bounds.length === MOST_PARTS
    const part = Math.min(most, Math.max(least, (size - at) / (2 * helpers)))
    at = isLast ? size : Math.min(size, at + whole(part, axis))
    bounds.push(at)
  }
  return bounds
}

/** Seconds to copy what helpers need of the operands and what they make, and to prepare B for each part of rows. */
function costOf({ m, n, k, a, b, bRows, cRows, rate }: Product, axis: Axis, share: number): number {
  const [rows, columns] = axis === 'rows' ? [share, n] : [m, share]
  const preparations = axis === 'rows' ? USUAL_PARTS : 0
  const results = rate == null ? 1 : 2
  const bytes = 4 * (rows * k + (1 + preparations) * k * columns + results * rows * columns)
  const isCut = {
    a: axis === 'rows' && a.column !== 4,
    b: axis === 'columns' && b.row !== 4,
    c: axis === 'columns'
  }
  const pieces = (isCut.a || isCut.b || bRows ? k : 1) + (isCut.c || cRows ? results * rows : 1)
  return bytes / SPEED.copy + pieces * CALL.copy + CALL.wake
}

/** The rows or columns [from, to) of a product. */
export function partOf(product: Product, axis: Axis, [from, to]: readonly [number, number]): Product {
  const { a, b, c, cRow, cRows = 0, bias = 0 } = product
  if (axis === 'rows') {
    const place = cRows === 0 ? { c: c + from * cRow } : { cRows: cRows + 4 * from }
    return { ...product, m: to - from, a: moved(a, from * a.row), ...place }
  }
  const start = bias === 0 ? 0 : bias + 4 * from
  return { ...product, n: to - from, b: moved(b, from * b.column), c: c + 4 * from, bias: start }
}

const moved = (lying: Lying, bytes: number): Lying => ({ ...lying, at: lying.at + bytes })
