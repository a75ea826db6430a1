/** Spans of payloads that a peer has got, by root. */
import type { ByteSpan } from '../../../src/codecs/index.ts'

interface Piece {
  /** Where in the payload it begins. */
  at: number
  bytes: Uint8Array
}

export class Pieces {
  readonly #pieces = new Map<string, Piece[]>()

  hold(root: string, piece: Piece): void {
    this.#pieces.set(root, [...(this.#pieces.get(root) ?? []), piece])
  }

  /** These bytes, if one piece has them all. */
  get(root: string, { offset, length }: ByteSpan): Uint8Array | undefined {
    const piece = this.#pieces
      .get(root)
      ?.find(({ at, bytes }) => at <= offset && offset + length <= at + bytes.byteLength)
    return piece?.bytes.slice(offset - piece.at, offset - piece.at + length)
  }
}
