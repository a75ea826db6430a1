/** A commit does not follow the last one: something between them is missing. */
export class LedgerGapError extends Error {
  static override name = 'LedgerGapError'

  constructor(height: number, expected: number) {
    super(`Cannot append commit ${height}: commit ${expected} comes next; fetch the commits between first`)
    this.name = 'LedgerGapError'
  }
}

/** A different commit is already there: this ledger, or the one it came from, is a fork. */
export class LedgerConflictError extends Error {
  static override name = 'LedgerConflictError'

  constructor(height: number, cid: string, stored: string) {
    super(
      `Cannot append ${cid} at height ${height}: the ledger holds ${stored} there, and commits are final. ` +
        'One of the two is a fork; compare `murmur ledger` with another member'
    )
    this.name = 'LedgerConflictError'
  }
}

/** What was read from the store is not what was written. */
export class LedgerCorruptError extends Error {
  static override name = 'LedgerCorruptError'

  constructor(key: string, options?: ErrorOptions) {
    super(
      `The ledger entry ${key} cannot be read: the state directory is damaged. Move it away, and join again to fetch the ledger from the other members`,
      options
    )
    this.name = 'LedgerCorruptError'
  }
}
