/** Another process has this state directory open. */
export class StateStoreLockedError extends Error {
  static override name = 'StateStoreLockedError'

  constructor(dir: string, options?: ErrorOptions) {
    super(
      `${dir} is in use: another murmur runs in this home directory; stop it first, or use --home with another one`,
      options
    )
    this.name = 'StateStoreLockedError'
  }
}

/** What is on disk is not what was written. */
export class StateStoreCorruptError extends Error {
  static override name = 'StateStoreCorruptError'

  constructor(dir: string, options?: ErrorOptions) {
    super(
      `${dir} is damaged (${reasonOf(options)}): restore it from a backup, or move it away and join again; the ledger then comes from the other members`,
      options
    )
    this.name = 'StateStoreCorruptError'
  }
}

/** The directory cannot be made, read or written. */
export class StateStoreUnusableError extends Error {
  static override name = 'StateStoreUnusableError'

  constructor(dir: string, options?: ErrorOptions) {
    super(
      `${dir} cannot be used (${reasonOf(options)}): it must be a directory, on a disk with free space, that this user may write`,
      options
    )
    this.name = 'StateStoreUnusableError'
  }
}

function reasonOf(options?: ErrorOptions): string {
  return options?.cause instanceof Error ? options.cause.message : 'unknown reason'
}
