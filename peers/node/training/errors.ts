/** The training thread ended without being asked to: out of memory, or a crash. */
export class TrainingWorkerError extends Error {
  static override name = 'TrainingWorkerError'

  constructor(reason: string, options?: ErrorOptions) {
    super(`The training thread ended: ${reason}. The next call starts it again`, options)
    this.name = 'TrainingWorkerError'
  }
}
