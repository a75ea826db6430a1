/**
 * powersgd: each matrix of weights as two thin ones whose product is near it (Vogels et al. 2019, arXiv 1905.13727, with its
 * error feedback); all else, and matrices that would not get smaller, as it is. First the factors, matrix by matrix, then
 * the rest, all of it in another codec.
 *
 * Unlike the paper's, each member's factors are of its own delta and travel whole: nothing is averaged in between, so that
 * members need not be there at the same time and rules can compare their updates. Instead of a warm start there is a second
 * power iteration (the paper's "best approximation" has four), from a start that the round's seed decides.
 */
import { randomFrom } from '../random.ts'
import { floatBuffer } from './buffer.ts'
import { addMultiple, factorise } from './low-rank.ts'
import { checkRange } from './read.ts'
import type { Matrix } from '../model/matrices.ts'
import type { ByteReader, Codec, VectorReader } from './codec.ts'
import type { Dimensions } from './low-rank.ts'

export interface PowersgdOptions {
  /** Columns of a factor. */
  rank: number
  /** How factors, and what is no matrix, are sent. */
  values: Codec
  /** Where the vector has matrices, in order. What is beyond a vector's end is not looked at. */
  matrices: readonly Matrix[]
  /** Another each round. */
  seed: Uint8Array
}

/** A matrix that is sent as factors: where it is, and where among the values sent they are, the left one first. */
type Factored = Matrix & Dimensions & { end: number; sentAt: number }

/** What is sent of vectors of one length. */
interface Form {
  factored: Factored[]
  /** Values of all factors. */
  factors: number
  /** Values of factors and rest. */
  count: number
}

export function powersgd(options: PowersgdOptions): Codec {
  const { values, seed } = options
  const formOf = remembered((length: number) => form(length, options))
  return {
    name: 'powersgd',
    errorFeedback: true,
    sizeBytes: (length) => values.sizeBytes(formOf(length).count),
    encode: (delta) => values.encode(reduce(delta, formOf(delta.length), seed)),
    decode: (payload, length) => decode(payload, { length, values, form: formOf(length) })
  }
}

/** Vectors of a model all have one length. */
function remembered<T>(make: (length: number) => T): (length: number) => T {
  let last: { length: number; made: T } | null = null
  return (length) => {
    if (last?.length !== length) last = { length, made: make(length) }
    return last.made
  }
}

function form(length: number, { rank, matrices }: PowersgdOptions): Form {
  const factored: Factored[] = []
  let factors = 0
  let saved = 0
  for (const { offset, rows, columns } of matrices) {
    const [end, sent] = [offset + rows * columns, (rows + columns) * rank]
    if (end > length || sent >= rows * columns) continue
    factored.push({ offset, rows, columns, rank, end, sentAt: factors })
    factors += sent
    saved += rows * columns
  }
  return { factored, factors, count: factors + length - saved }
}

/** Factors and rest. */
function reduce(delta: Float32Array, { factored, factors, count }: Form, seed: Uint8Array): Float32Array {
  const sent = new Float32Array(count)
  let from = 0
  let restAt = factors
  const addRest = (to: number): void => {
    sent.set(delta.subarray(from, to), restAt)
    restAt += to - from
  }
  factored.forEach((one, i) => {
    const { offset, end, sentAt } = one
    const { left, right } = factorise(delta.subarray(offset, end), one, randomFrom(seed, i))
    sent.set(left, sentAt)
    sent.set(right, sentAt + left.length)
    addRest(offset)
    from = end
  })
  addRest(delta.length)
  return sent
}

function decode(
  payload: ByteReader,
  { length, values, form }: { length: number; values: Codec; form: Form }
): VectorReader {
  const buffer = floatBuffer()
  const read = values.decode(payload, form.count)
  /** Read once: small beside the vector. */
  let factors: Float32Array | null = null
  return async (start, count) => {
    checkRange(start, count, length)
    factors ??= (await read(0, form.factors)).slice()
    const out = buffer(count).subarray(0, count)
    await addRest(out, { start, form, read })
    for (const one of form.factored) multiply(factors, one, { start, out })
    return out
  }
}

/** What no matrix has, of a stretch that begins at `start`. */
async function addRest(
  out: Float32Array,
  { start, form, read }: { start: number; form: Form; read: VectorReader }
): Promise<void> {
  const stop = start + out.length
  let from = 0
  let restAt = form.factors
  for (const { offset, end } of [...form.factored, { offset: Infinity, end: Infinity }]) {
    const [first, last] = [Math.max(from, start), Math.min(offset, stop)]
    if (first < last) out.set(await read(restAt + first - from, last - first), first - start)
    if (end >= stop) return
    restAt += offset - from
    from = end
  }
}

/** What a matrix has of a stretch, row by row in float64 and rounded once. */
function multiply(
  factors: Float32Array,
  { offset, end, rows, columns, rank, sentAt }: Factored,
  { start, out }: { start: number; out: Float32Array }
): void {
  const rightAt = sentAt + rank * rows
  const stop = Math.min(end, start + out.length)
  const sums = new Float64Array(columns)
  for (let at = Math.max(offset, start); at < stop;) {
    const row = Math.floor((at - offset) / columns)
    const rowAt = offset + row * columns
    const [from, to] = [at - rowAt, Math.min(columns, stop - rowAt)]
    const sum = sums.subarray(0, to - from).fill(0)
    for (let k = 0; k < rank; k++) {
      const values = factors.subarray(rightAt + k * columns + from, rightAt + k * columns + to)
      addMultiple(sum, 0, { values, factor: factors[sentAt + k * rows + row] })
    }
    out.set(sum, at - start)
    at = rowAt + to
  }
}
