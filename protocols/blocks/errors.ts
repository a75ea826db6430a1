import type { CID } from 'multiformats/cid'

/** The other side broke the protocol. */
export class BlocksProtocolError extends Error {
  static override name = 'BlocksProtocolError'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BlocksProtocolError'
  }
}

/** The stream ended while answers were due. */
export class StreamEndedError extends Error {
  static override name = 'StreamEndedError'

  constructor(options?: ErrorOptions) {
    super('the stream ended before every answer arrived', options)
    this.name = 'StreamEndedError'
  }
}

/** Too few bytes moved in the time allowed. */
export class StalledError extends Error {
  static override name = 'StalledError'

  constructor(movedBytes: number, minBytes: number, intervalMs: number) {
    super(`stalled: ${movedBytes} bytes in ${intervalMs} ms, at least ${minBytes} expected`)
    this.name = 'StalledError'
  }
}

/** Dialling and negotiating took too long. */
export class OpenTimeoutError extends Error {
  static override name = 'OpenTimeoutError'

  constructor(timeoutMs: number) {
    super(`no stream could be opened within ${timeoutMs} ms`)
    this.name = 'OpenTimeoutError'
  }
}

/** A holder answered with bytes that do not hash to the CID asked for. It is not asked again. */
export class WrongBytesError extends Error {
  static override name = 'WrongBytesError'

  constructor(cid: CID) {
    super(`sent bytes that do not hash to ${cid}`)
    this.name = 'WrongBytesError'
  }
}

/** A holder that lied before, in this fetch or an earlier one. */
export class DistrustedHolderError extends Error {
  static override name = 'DistrustedHolderError'

  constructor() {
    super('sent wrong bytes earlier and is not asked any more')
    this.name = 'DistrustedHolderError'
  }
}

/** A holder said that it does not have a block. */
export class NotHeldError extends Error {
  static override name = 'NotHeldError'

  constructor(cid: CID) {
    super(`does not have ${cid}`)
    this.name = 'NotHeldError'
  }
}

/** The service is stopped, or was stopped while fetching. */
export class BlocksStoppedError extends Error {
  static override name = 'BlocksStoppedError'

  constructor() {
    super('The blocks service is not running: start it before fetching')
    this.name = 'BlocksStoppedError'
  }
}

/** Why one holder did not deliver. */
export interface HolderFailure {
  peerId: string
  error: Error
}

/** No holder is left that could deliver. What was fetched so far is stored; a later fetch goes on from there. */
export class BlocksUnavailableError extends Error {
  static override name = 'BlocksUnavailableError'

  /** Blocks that are still wanted. */
  readonly missing: CID[]
  readonly failures: HolderFailure[]

  constructor(missing: CID[], failures: HolderFailure[]) {
    super(`${missing.length} blocks could not be fetched (first: ${missing[0]}). ${explain(failures)}`)
    this.name = 'BlocksUnavailableError'
    this.missing = missing
    this.failures = failures
  }
}

function explain(failures: HolderFailure[]): string {
  if (failures.length === 0) return 'No peer is known to hold them: connect to one that does and try again'
  return failures.map(({ peerId, error }) => `${peerId}: ${error.message}`).join('; ')
}
