/** No stream to the peer could be opened. */
export class LedgerUnreachableError extends Error {
  static override name = 'LedgerUnreachableError'

  constructor(peer: string, options?: ErrorOptions) {
    const reason = options?.cause instanceof Error ? options.cause.message : 'no reason given'
    super(`${peer} could not be asked for its ledger (${reason}); ask another member`, options)
    this.name = 'LedgerUnreachableError'
  }
}

/** The peer was asked, and its answer was not whole in time. */
export class LedgerTimeoutError extends Error {
  static override name = 'LedgerTimeoutError'

  constructor(peer: string, timeoutMs: number, options?: ErrorOptions) {
    super(
      `${peer} did not finish its answer about the ledger in ${timeoutMs} ms; ask another member`,
      options
    )
    this.name = 'LedgerTimeoutError'
  }
}

/** The peer broke the protocol: its answer is cut short, out of order or too long. */
export class LedgerProtocolError extends Error {
  static override name = 'LedgerProtocolError'

  constructor(peer: string, problem: string, options?: ErrorOptions) {
    super(`${peer} answered about the ledger with ${problem}; ask another member`, options)
    this.name = 'LedgerProtocolError'
  }
}
