/** Failures of the admission protocol itself; why a peer is refused says src/federation/errors.ts. */

/** Nobody was admitted on a connection in time. */
export class AdmissionTimeoutError extends Error {
  static override name = 'AdmissionTimeoutError'

  constructor(peerId: string, timeoutMs: number, options?: ErrorOptions) {
    super(
      `${peerId} did not prove within ${timeoutMs / 1000} s that it is a member: the connection is closed`,
      options
    )
    this.name = 'AdmissionTimeoutError'
  }
}

/** A connection is closed because one side refused the other. */
export class ConnectionRefusedError extends Error {
  static override name = 'ConnectionRefusedError'

  constructor(peerId: string, message: string, options?: ErrorOptions) {
    super(`${peerId} is not connected with: ${message}`, options)
    this.name = 'ConnectionRefusedError'
  }
}

/** A stream of a peer that is not admitted. */
export class NotAdmittedError extends Error {
  static override name = 'NotAdmittedError'

  constructor(peerId: string, protocol: string, options?: ErrorOptions) {
    super(`${peerId} is not admitted and may not use ${protocol}`, options)
    this.name = 'NotAdmittedError'
  }
}
