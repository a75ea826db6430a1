/** What helpers make is not what one thread makes: they are not used. */
export class HelperCheckError extends Error {
  static override name = 'HelperCheckError'

  constructor([m, k, n]: readonly number[]) {
    super(
      `A product of [${m}, ${k}] by [${k}, ${n}] has other bits with helping threads; training goes on with one`
    )
    this.name = 'HelperCheckError'
  }
}

/** A helper thread did not start, or ended by itself. */
export class HelperLostError extends Error {
  static override name = 'HelperLostError'

  constructor(cause: Error) {
    super(`A thread that helps to train is gone (${cause.message}); training goes on with one less`, {
      cause
    })
    this.name = 'HelperLostError'
  }
}
