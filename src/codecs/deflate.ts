/**
 * deflate: another codec's payload, compressed without loss (RFC 1951, by fflate: the same on every platform, so that all
 * peers refuse the same payloads). Pieces of `PIECE_BYTES` each by itself, so that a stretch is read without the others:
 * first the length of each, a little-endian uint16, then they. One that would not get shorter is as it was.
 *
 * A decoder allocates what it knows a piece to have, and one byte to see whether there is more.
 */
import { deflateSync, inflateSync } from 'fflate'
import { MalformedPayloadError } from './errors.ts'
import { readExactly } from './read.ts'
import type { ByteReader, Codec } from './codec.ts'

/**
 * Larger ones get no shorter, as layers differ in how often each byte is there. The worst piece there can be of this size
 * costs a tenth of a second until it is found out: 1032 times as many bytes.
 */
const PIECE_BYTES = 16 * 1024
const LENGTH_BYTES = 2
/** Higher ones take as long again for half a percent: there is little in payloads beyond how often each byte is there. */
const LEVEL = 1

/** The same codec, its payloads compressed: at most as long as they were, and two bytes for each piece. */
export function deflated(codec: Codec): Codec {
  const name = `${codec.name}+deflate`
  const piecesOf = (payload: ByteReader, length: number): Pieces =>
    new Pieces(payload, { name, sizeBytes: codec.sizeBytes(length) })
  return {
    name,
    errorFeedback: codec.errorFeedback,
    sizeBytes: (length) => LENGTH_BYTES * piecesIn(codec.sizeBytes(length)) + codec.sizeBytes(length),
    varies: {
      leastBytes: (length) => (1 + LENGTH_BYTES) * piecesIn(codec.sizeBytes(length)),
      measure: async (payload, length) => await piecesOf(payload, length).measure()
    },
    encode: (delta) => compress(codec.encode(delta)),
    decode(payload, length) {
      const pieces = piecesOf(payload, length)
      return codec.decode(async (offset, count) => await pieces.read(offset, count), length)
    }
  }
}

function piecesIn(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PIECE_BYTES)
}

function compress(bytes: Uint8Array): Uint8Array {
  const head = LENGTH_BYTES * piecesIn(bytes.byteLength)
  const out = new Uint8Array(head + bytes.byteLength)
  const lengths = new DataView(out.buffer, 0, head)
  let at = head
  for (let start = 0, i = 0; start < bytes.byteLength; start += PIECE_BYTES, i++) {
    const piece = bytes.subarray(start, start + PIECE_BYTES)
    const packed = deflateSync(piece, { level: LEVEL })
    const shorter = packed.byteLength < piece.byteLength ? packed : piece
    out.set(shorter, at)
    lengths.setUint16(LENGTH_BYTES * i, shorter.byteLength, true)
    at += shorter.byteLength
  }
  return out.slice(0, at)
}

/** A compressed payload, read as what it was before. */
class Pieces {
  readonly #payload: ByteReader
  readonly #name: string
  readonly #sizeBytes: number
  /** Where each piece begins, and where the last one ends; read once, when it is first asked for. */
  #starts: Float64Array | null = null

  constructor(payload: ByteReader, { name, sizeBytes }: { name: string; sizeBytes: number }) {
    this.#payload = payload
    this.#name = name
    this.#sizeBytes = sizeBytes
  }

  /** Bytes of the payload as it is. */
  async measure(): Promise<number> {
    return (await this.#load()).at(-1) ?? 0
  }

  async read(offset: number, count: number): Promise<Uint8Array> {
    const starts = await this.#load()
    const first = Math.floor(offset / PIECE_BYTES)
    const end = Math.ceil((offset + count) / PIECE_BYTES)
    const packed = await readExactly(this.#payload, starts[first], starts[end] - starts[first])
    const from = first * PIECE_BYTES
    const bytes = new Uint8Array(Math.min(end * PIECE_BYTES, this.#sizeBytes) - from)
    for (let i = first; i < end; i++) {
      const piece = packed.subarray(starts[i] - starts[first], starts[i + 1] - starts[first])
      bytes.set(this.#inflate(piece, this.#bytesOf(i)), i * PIECE_BYTES - from)
    }
    return bytes.subarray(offset - from, offset - from + count)
  }

  /** Of piece `i` before it was compressed. */
  #bytesOf(i: number): number {
    return Math.min(PIECE_BYTES, this.#sizeBytes - i * PIECE_BYTES)
  }

  #inflate(piece: Uint8Array, sizeBytes: number): Uint8Array {
    if (piece.byteLength === sizeBytes) return piece
    const found = inflated(piece, sizeBytes)
    if (found?.byteLength === sizeBytes) return found
    throw new MalformedPayloadError(
      this.#name,
      'a piece that is not compressed so, or is longer or shorter',
      `one of ${sizeBytes} bytes`
    )
  }

  async #load(): Promise<Float64Array> {
    if (this.#starts != null) return this.#starts
    const count = piecesIn(this.#sizeBytes)
    const head = await readExactly(this.#payload, 0, LENGTH_BYTES * count)
    const starts = new Float64Array(count + 1)
    starts[0] = head.byteLength
    for (let i = 0; i < count; i++) {
      const length = head[LENGTH_BYTES * i] | (head[LENGTH_BYTES * i + 1] << 8)
      if (length === 0 || length > this.#bytesOf(i))
        throw new MalformedPayloadError(this.#name, `a piece of ${length} bytes`, `1 to ${this.#bytesOf(i)}`)
      starts[i + 1] = starts[i] + length
    }
    return (this.#starts = starts)
  }
}

/** Null: not deflate. One that goes on beyond `sizeBytes` is longer by one. */
function inflated(piece: Uint8Array, sizeBytes: number): Uint8Array | null {
  try {
    return inflateSync(piece, { out: new Uint8Array(sizeBytes + 1) })
  } catch {
    return null
  }
}
