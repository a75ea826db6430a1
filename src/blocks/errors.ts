import type { CID } from 'multiformats/cid'

/** A block that a store should have and has not. */
export class BlockMissingError extends Error {
  static override name = 'BlockMissingError'

  constructor(cid: CID, options?: ErrorOptions) {
    super(`Block ${cid} is not in this store: fetch it from a peer that holds it`, options)
    this.name = 'BlockMissingError'
  }
}

/** A DAG or one of its blocks that is not as long as it should be. */
export class DagSizeError extends Error {
  static override name = 'DagSizeError'

  constructor(what: string, foundBytes: number, expected: string) {
    super(`${what} has ${foundBytes} bytes, expected ${expected}`)
    this.name = 'DagSizeError'
  }
}

/** A block size outside the limits every peer keeps to. */
export class BlockSizeError extends Error {
  static override name = 'BlockSizeError'

  constructor(found: number, minBytes: number, maxBytes: number) {
    super(
      `A block size of ${found} bytes was asked for: choose a whole number from ${minBytes} to ${maxBytes}`
    )
    this.name = 'BlockSizeError'
  }
}
