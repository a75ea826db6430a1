/** Length-prefixed frames with raw bytes between them, parsed as they arrive. */
import { encode as lengthPrefixed } from 'it-length-prefixed'
import { allocUnsafe } from 'uint8arrays/alloc'
import { encode } from '../../src/federation/cbor.ts'
import { BlocksProtocolError } from './errors.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/** A varint of three bytes reaches 2 MiB, more than any frame may have. */
const MAX_PREFIX_BYTES = 3
/** From half of Node's pool size (8 KiB) on, a buffer has memory of its own. */
const UNPOOLED_BYTES = 8 * 1024

/** A value as a frame, ready to send. */
export function encodeFrame(value: unknown): Uint8ArrayList {
  return lengthPrefixed.single(encode(value))
}

export interface FrameHandlers {
  maxFrameBytes: number
  /** Returns how many raw bytes follow this frame: 0 for another frame. */
  onFrame(bytes: Uint8Array): number
  /** The raw bytes, in a buffer of exactly their length. */
  onBody(bytes: Uint8Array): void
}

/**
 * Works on whatever pieces the transport delivers and consumes them at once, so nothing is ever left in the stream's
 * read buffer (libp2p resets a stream whose buffer exceeds 4 MiB). Raw bytes are copied once, to their final place.
 */
export class FrameParser {
  readonly #handlers: FrameHandlers
  /** What is being filled: a frame or a body; null while a length prefix is read. */
  #target: Uint8Array | null = null
  #targetIsBody = false
  #filled = 0
  #prefix = 0
  #prefixBytes = 0

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers
  }

  /** True in the middle of a frame or body. */
  get partial(): boolean {
    return this.#target != null || this.#prefixBytes > 0
  }

  /** @throws {BlocksProtocolError} a prefix above the cap; and whatever the handlers throw */
  push(data: Uint8Array | Uint8ArrayList): void {
    if (data instanceof Uint8Array) return this.#take(data)
    for (const piece of data) this.#take(piece)
  }

  #take(piece: Uint8Array): void {
    for (let at = 0; at < piece.byteLength;) {
      at += this.#target == null ? this.#readPrefix(piece[at] as number) : this.#fill(this.#target, piece, at)
    }
  }

  #fill(target: Uint8Array, piece: Uint8Array, at: number): number {
    const bytes = Math.min(target.byteLength - this.#filled, piece.byteLength - at)
    target.set(bytes === piece.byteLength ? piece : piece.subarray(at, at + bytes), this.#filled)
    this.#filled += bytes
    if (this.#filled === target.byteLength) this.#complete(target)
    return bytes
  }

  #complete(target: Uint8Array): void {
    this.#target = null
    if (this.#targetIsBody) return this.#handlers.onBody(target)
    const bodyBytes = this.#handlers.onFrame(target)
    if (bodyBytes > 0) this.#expect(bodyBytes, true)
  }

  /** One byte of an unsigned varint: https://github.com/multiformats/unsigned-varint */
  #readPrefix(byte: number): number {
    this.#prefix |= (byte & 0x7f) << (7 * this.#prefixBytes++)
    const last = byte < 0x80
    if (!last && this.#prefixBytes < MAX_PREFIX_BYTES) return 1
    const { maxFrameBytes } = this.#handlers
    if (!last || this.#prefix === 0 || this.#prefix > maxFrameBytes) {
      throw new BlocksProtocolError(
        `a frame of ${last ? this.#prefix : 'over 2 Mi'} bytes, 1 to ${maxFrameBytes} expected`
      )
    }
    this.#expect(this.#prefix, false)
    this.#prefix = this.#prefixBytes = 0
    return 1
  }

  #expect(bytes: number, isBody: boolean): void {
    this.#target = allocate(bytes)
    this.#targetIsBody = isBody
    this.#filled = 0
  }
}

/** Nothing is handed out before it is filled, so it need not be zeroed; small ones must not come from a shared pool. */
function allocate(bytes: number): Uint8Array {
  return bytes < UNPOOLED_BYTES ? new Uint8Array(bytes) : allocUnsafe(bytes)
}
