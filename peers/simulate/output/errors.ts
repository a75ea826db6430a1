/** Why a run cannot go on where it was left. */

/** The folder has results of something else. */
export class OtherResultsError extends Error {
  static override name = 'OtherResultsError'

  constructor(file: string) {
    super(
      `${file} is of another plan, or of this plan as it was before it was changed: choose another folder, or delete the file`
    )
    this.name = 'OtherResultsError'
  }
}

/** A file that this program wrote is not whole, or not of this version. */
export class DamagedResultsError extends Error {
  static override name = 'DamagedResultsError'

  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file} cannot be read (${reason}): delete it, and its run starts anew`, options)
    this.name = 'DamagedResultsError'
  }
}
