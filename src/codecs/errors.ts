/** A reader that gave fewer or more bytes than it was asked for: the payload is damaged, or not what it claims. */
export class PayloadLengthError extends Error {
  static override name = 'PayloadLengthError'

  constructor(offset: number, foundBytes: number, expectedBytes: number) {
    super(
      `The payload gave ${foundBytes} bytes at offset ${offset}, expected ${expectedBytes}: fetch it again from another peer`
    )
    this.name = 'PayloadLengthError'
  }
}

/** A payload of the right length that no encoder makes: whoever sent it made it so, and every peer refuses it alike. */
export class MalformedPayloadError extends Error {
  static override name = 'MalformedPayloadError'

  constructor(codec: string, found: string, expected: string) {
    super(
      `Not a payload of the codec ${codec}: found ${found}, expected ${expected}; its author must send another`
    )
    this.name = 'MalformedPayloadError'
  }
}

/** A stretch that is not part of the vector. */
export class VectorRangeError extends RangeError {
  static override name = 'VectorRangeError'

  constructor(start: number, count: number, length: number) {
    super(
      `Values ${start} to ${start + count} were asked for, expected whole numbers within a vector of ${length}`
    )
    this.name = 'VectorRangeError'
  }
}
