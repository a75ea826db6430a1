/** How a weight delta becomes bytes and comes back. */

import type { VectorPart } from '../vectors.ts'

/** A part of a payload. */
export interface ByteSpan {
  offset: number
  length: number
}

/** Reads part of a payload: `length` bytes from `offset` on. */
export type ByteReader = (offset: number, length: number) => Promise<Uint8Array>

/** Reads part of a vector: `count` values from `start` on. The result is only valid until the next call. */
export type VectorReader = (start: number, count: number) => Promise<Float32Array>

/** Payloads of vectors of one length that differ in length. */
export interface VaryingSize {
  /** The least there can be: what has fewer bytes is refused before it is fetched, too. */
  leastBytes(length: number): number
  /** How many bytes this very payload has to have, as it says itself. Rejects as the reader of `decode` does. */
  measure(payload: ByteReader, length: number): Promise<number>
}

/** One codec with its parameters: pure, exact about lengths, its decoder the same on every platform. */
export interface Codec {
  readonly name: string
  /**
   * True where so much is lost that the sender must add it to what it sends next, or the federation does not converge
   * (Karimireddy et al. 2019, "Error Feedback Fixes SignSGD and other Gradient Compression Schemes").
   */
  readonly errorFeedback: boolean
  /** Bytes of the payload of a vector of `length` values; what differs is refused before it is fetched. */
  sizeBytes(length: number): number
  /** Where there is this, `sizeBytes` is the most that a payload may have. */
  readonly varies?: VaryingSize
  /**
   * Where in the payload of a vector of `length` values the bytes of these are: all that a reader of them asks for. Absent
   * where they may be anywhere, so that nobody can reduce a part of the vector without the whole payload.
   */
  span?(part: VectorPart, length: number): ByteSpan
  /** May return a view of `delta`. What is not finite is encoded as what no peer accepts. */
  encode(delta: Float32Array): Uint8Array
  /**
   * Decode on demand, so that aggregation holds only a stretch of each update at a time. The reader it returns rejects
   * with `VectorRangeError` for values that the vector has not, with `PayloadLengthError` when bytes are missing, with
   * `MalformedPayloadError` for bytes that no encoder makes.
   */
  decode(payload: ByteReader, length: number): VectorReader
}
