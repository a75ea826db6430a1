/** Keys of the state store: printable ASCII, so that text order and byte order are the same in every store. */

/** A key that stores would order differently, or that is too long. */
export class InvalidKeyError extends Error {
  static override name = 'InvalidKeyError'

  constructor(key: string) {
    super(
      `Not a state key: ${JSON.stringify(key.slice(0, 64))}; expected 1 to 256 printable ASCII characters`
    )
    this.name = 'InvalidKeyError'
  }
}

/** The store was used after `close()`. */
export class StateStoreClosedError extends Error {
  static override name = 'StateStoreClosedError'

  constructor(options?: ErrorOptions) {
    super('The state store is closed: the peer has stopped, or its disk failed; open it again', options)
    this.name = 'StateStoreClosedError'
  }
}

/** Enough digits for any safe integer. */
const HEIGHT_DIGITS = 16

/** @throws {InvalidKeyError} */
export function checkKey(key: string): void {
  if (!/^[\x20-\x7e]{1,256}$/.test(key)) throw new InvalidKeyError(key)
}

/** `prefix` and the zero-padded height: keys in the order of heights. */
export function heightKey(prefix: string, height: number): string {
  return `${prefix}${String(height).padStart(HEIGHT_DIGITS, '0')}`
}

/** The height at the end of a key made by `heightKey`. */
export function heightOfKey(key: string): number {
  return Number(key.slice(-HEIGHT_DIGITS))
}
