/** Why work on one tip is given up: there is a newer one. */
export class SupersededError extends Error {
  static override name = 'SupersededError'

  constructor() {
    super('The ledger moved on')
    this.name = 'SupersededError'
  }
}
