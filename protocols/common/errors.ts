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

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
