/** The error of a disk that is full or broken. */

/** What must be on disk before this peer goes on is not. It is tried again all the time. */
export class DiskError extends Error {
  static override name = 'DiskError'
  /** What the disk says. */
  readonly reason: string

  /**
   * @param what - is not possible
   * @param options - why, as the disk says it
   */
  constructor(what: string, options: { cause: Error }) {
    super(
      `${what} (${options.cause.message}): make room, or repair the disk; it is tried again all the time`,
      options
    )
    this.name = 'DiskError'
    this.reason = options.cause.message
  }
}
