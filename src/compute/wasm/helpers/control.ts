/**
 * What threads tell each other: words of 32 bits at the beginning of the memory that they share. An *order* is one
 * product; its number goes up by one. Only `order`, `next`, `count`, `done` and `idle` are read while others write.
 */
import { MAX_THREADS } from '../../names.ts'
import { MOST_PARTS } from './parts.ts'
import type { Lying, Product } from '../product.ts'

/** Helpers of one thread at most. */
export const MOST_HELPERS = MAX_THREADS - 1

/** Words of a cache line: what different threads write does not share one. */
const LINE = 16
/** Words of a part. */
const PART_WORDS = LINE

/** Where what lies. */
export const words = {
  /** Number of the latest order. Helpers wait for it to change. */
  order: 0,
  /** Its next part that nobody has taken. */
  next: LINE,
  /** How many parts it has. */
  count: LINE + 1,
  /** For each helper the last order that it has left. */
  idle: 2 * LINE,
  /** For each part the last order in which a helper has completed it. */
  done: 3 * LINE,
  /** For each part what to compute. */
  parts: 3 * LINE + MOST_PARTS
} as const

const CONTROL_WORDS = words.parts + MOST_PARTS * PART_WORDS

/** The words of a memory; good also after it has grown. */
export const controlOf = (memory: WebAssembly.Memory): Int32Array =>
  new Int32Array(memory.buffer, 0, CONTROL_WORDS)

/** Where the scratch memory of a helper begins, of `scratchBytes` each; after that of the last one operands may lie. */
export const scratchOf = (helper: number, scratchBytes: number): number =>
  aligned(4 * CONTROL_WORDS) + helper * aligned(scratchBytes)

/** Up to the next cache line. */
export const aligned = (bytes: number): number => Math.ceil(bytes / (4 * LINE)) * 4 * LINE

/** Write what a part is to compute. All of it lies in the memory that is shared, without lists of rows. */
export function writePart(control: Int32Array, part: number, product: Product): void {
  const { m, n, k, a, b, c, cRow, bias = 0, relu = false, rate } = product
  const at = words.parts + part * PART_WORDS
  const flags = (relu ? FLAGS.relu : 0) | (rate == null ? 0 : FLAGS.descends)
  control.set([m, n, k, a.at, a.row, a.column, b.at, b.row, b.column, c, cRow, bias, flags], at)
  new Float32Array(control.buffer)[at + RATE] = rate ?? 0
}

/** What was written. */
export function readPart(control: Int32Array, part: number): Product {
  const at = words.parts + part * PART_WORDS
  // Addresses may be beyond 2^31.
  const [m, n, k, ...rest] = new Uint32Array(control.buffer, 4 * at, PART_WORDS)
  const [a, aRow, aColumn, b, bRow, bColumn, c, cRow, bias, flags] = rest
  const product = { m, n, k, a: lying(a, aRow, aColumn), b: lying(b, bRow, bColumn), c, cRow }
  if ((flags & FLAGS.descends) !== 0) return { ...product, rate: new Float32Array(control.buffer)[at + RATE] }
  return { ...product, bias, relu: (flags & FLAGS.relu) !== 0 }
}

const FLAGS = { relu: 1, descends: 2 }
/** The word of a part that is no integer. */
const RATE = 13

const lying = (at: number, row: number, column: number): Lying => ({ at, row, column })

/** The next part of the present order that nobody has begun, which is the caller's now; −1 if there is none. */
export function takePart(control: Int32Array): number {
  const part = Atomics.add(control, words.next, 1)
  return part < Atomics.load(control, words.count) ? part : -1
}
