/** Failures that every protocol shares. */
import type { Refusal } from './refusal.ts'

/** The other side answered with a refusal; `code` and `message` are its words. */
export class RefusedError extends Error {
  static override name = 'RefusedError'

  readonly code: string

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options)
    this.name = 'RefusedError'
    this.code = refusal.code
  }
}

/** A frame is announced as longer than any may be, or by a length that is none. */
export class FrameLengthError extends Error {
  static override name = 'FrameLengthError'

  constructor(length: number, maxBytes: number, options?: ErrorOptions) {
    super(`A frame of ${length} bytes or more is announced, at most ${maxBytes} expected`, options)
    this.name = 'FrameLengthError'
  }
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
