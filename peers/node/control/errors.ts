import { printable } from '../../../src/printable.ts'

/** What a line of a peer's failure may say. */
const MAX_LINE_CHARACTERS = 4_096

/** Another process answers on this home's socket. */
export class ControlInUseError extends Error {
  static override name = 'ControlInUseError'

  constructor(path: string) {
    super(
      `Another murmur already answers on ${path}: it runs in this home directory; stop it first, or use --home with another one`
    )
    this.name = 'ControlInUseError'
  }
}

/** Nobody answers on the socket, or it broke off. */
export class ControlUnavailableError extends Error {
  static override name = 'ControlUnavailableError'

  constructor(path: string, options?: ErrorOptions) {
    const reason = options?.cause instanceof Error ? options.cause.message : 'no answer'
    super(`No peer answers on ${path} (${reason}): start it with \`murmur start\`, then try again`, options)
    this.name = 'ControlUnavailableError'
  }
}

/** The answer is not what this version expects. */
export class ControlProtocolError extends Error {
  static override name = 'ControlProtocolError'

  constructor(problem: string, options?: ErrorOptions) {
    super(
      `The running peer answered with ${problem}: it may be another version; restart it with this one`,
      options
    )
    this.name = 'ControlProtocolError'
  }
}

/** A request that the control endpoint does not know, or whose options are wrong. */
export class ControlRequestError extends Error {
  static override name = 'ControlRequestError'

  constructor(problem: string, options?: ErrorOptions) {
    super(`The running peer cannot do that: ${problem}. Use the same version for both`, options)
    this.name = 'ControlRequestError'
  }
}

/** A failure inside the running peer, with its name, code and message as they were there. */
export class PeerFailureError extends Error {
  static override name = 'PeerFailureError'

  readonly code: string | undefined

  constructor({ name, code, message }: { name: string; code?: string | undefined; message: string }) {
    super(
      message
        .split('\n')
        .map((line) => printable(line, MAX_LINE_CHARACTERS))
        .join('\n')
    )
    this.name = name
    this.code = code
  }
}
