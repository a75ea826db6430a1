/** What the codecs share that send some of the values: how many those are, and putting them back in their places. */
import { floatBuffer } from './buffer.ts'
import { checkRange } from './read.ts'
import type { ByteReader, VectorReader } from './codec.ts'

/** How many of `length` values are sent: at least one of any. */
export function keptOf(length: number, fraction: number): number {
  return Math.min(length, Math.ceil(length * fraction))
}

/** The part of a payload from `offset` on. */
export function after(payload: ByteReader, offset: number): ByteReader {
  return (at, length) => payload(offset + at, length)
}

/** The values at these places. */
export function gather(values: Float32Array, places: Uint32Array): Float32Array {
  const kept = new Float32Array(places.length)
  for (let i = 0; i < places.length; i++) kept[i] = values[places[i]]
  return kept
}

export interface Sparse {
  length: number
  /** How many values were sent with a place before `index`. */
  rank(index: number): Promise<number>
  /** Where the value of that rank belongs. */
  place(rank: number): number
  /** The values sent, by rank. */
  values: VectorReader
}

/** Zeros, but for what was sent. */
export function sparseReader({ length, rank, place, values }: Sparse): VectorReader {
  const buffer = floatBuffer()
  return async (start, count) => {
    checkRange(start, count, length)
    const first = await rank(start)
    const end = await rank(start + count)
    const sent = await values(first, end - first)
    const out = buffer(count).subarray(0, count).fill(0)
    for (let i = 0; i < sent.length; i++) out[place(first + i) - start] = sent[i]
    return out
  }
}
