/**
 * topk: the values of the largest magnitude, the rest later (Aji & Heafield 2017; with error feedback Stich et al. 2018,
 * "Sparsified SGD with Memory"). Their indices in Elias–Fano code, then they themselves in another codec: of 1 % of the
 * values as int8 about 0.021 bytes a value of the whole. The size follows from the length alone.
 */
import { indexLayout, readIndices, writeIndices } from './elias-fano.ts'
import { MalformedPayloadError } from './errors.ts'
import { readExactly } from './read.ts'
import { largest } from './select.ts'
import { after, gather, keptOf, sparseReader } from './sparse.ts'
import type { ByteReader, Codec } from './codec.ts'
import type { IndexLayout } from './elias-fano.ts'

export interface TopkOptions {
  /** The share of the values that is sent. */
  fraction: number
  /** How they are sent. */
  values: Codec
}

export function topk({ fraction, values }: TopkOptions): Codec {
  const layoutOf = (length: number): IndexLayout => indexLayout(length, keptOf(length, fraction))
  const sizeBytes = (length: number): number => {
    const { highBytes, lowBytes, count } = layoutOf(length)
    return highBytes + lowBytes + values.sizeBytes(count)
  }
  return {
    name: 'topk',
    errorFeedback: true,
    sizeBytes,
    encode(delta) {
      const layout = layoutOf(delta.length)
      const bytes = new Uint8Array(sizeBytes(delta.length))
      const indices = largest(delta, layout.count)
      writeIndices(indices, layout, bytes)
      bytes.set(values.encode(gather(delta, indices)), layout.highBytes + layout.lowBytes)
      return bytes
    },
    decode(payload, length) {
      const layout = layoutOf(length)
      const indices = new Indices(payload, layout)
      return sparseReader({
        length,
        rank: async (index) => await indices.rank(index),
        place: (rank) => indices.place(rank),
        values: values.decode(after(payload, layout.highBytes + layout.lowBytes), layout.count)
      })
    }
  }
}

/** All indices of a payload: read once, when they are first asked for, and kept as four bytes each. */
class Indices {
  readonly #payload: ByteReader
  readonly #layout: IndexLayout
  #read: Uint32Array | null = null

  constructor(payload: ByteReader, layout: IndexLayout) {
    this.#payload = payload
    this.#layout = layout
  }

  /** How many are less than `index`. */
  async rank(index: number): Promise<number> {
    const indices = (this.#read ??= await this.#load())
    let low = 0
    let high = indices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (indices[middle] < index) low = middle + 1
      else high = middle
    }
    return low
  }

  place(rank: number): number {
    return this.#read?.[rank] ?? Number.NaN
  }

  async #load(): Promise<Uint32Array> {
    const { highBytes, lowBytes, count, length } = this.#layout
    const bytes = await readExactly(this.#payload, 0, highBytes + lowBytes)
    const indices = readIndices(bytes, this.#layout)
    if (indices != null) return indices
    throw new MalformedPayloadError('topk', 'other indices', `${count} ascending ones below ${length}`)
  }
}
