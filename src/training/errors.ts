/** What can go wrong in local training, each as its own error. */

/** A target that the task does not have, e.g. class 12 of 10. */
export class InvalidTargetError extends Error {
  static override name = 'InvalidTargetError'

  constructor(found: number, expected: string) {
    super(
      `An example has the target ${found}, expected ${expected}: check the data's labels against the manifest`
    )
    this.name = 'InvalidTargetError'
  }
}

/** The loss or the weights left the finite numbers. */
export class TrainingDivergedError extends Error {
  static override name = 'TrainingDivergedError'

  constructor(round: number, found: string) {
    super(
      `Training diverged in round ${round}: ${found}. A lower learning rate or normalised inputs usually help`
    )
    this.name = 'TrainingDivergedError'
  }
}

/** A federation that starts from given weights: they are in a block, not in a seed. */
export class NoInitialSeedError extends Error {
  static override name = 'NoInitialSeedError'

  constructor(cid: string) {
    super(`The first weights are those of block ${cid}, not drawn from a seed: fetch the block instead`)
    this.name = 'NoInitialSeedError'
  }
}

/** A trainer was asked after `stop()`. */
export class TrainerStoppedError extends Error {
  static override name = 'TrainerStoppedError'

  constructor() {
    super('The trainer was stopped; start another')
    this.name = 'TrainerStoppedError'
  }
}

/** A backend computes other numbers than the reference. */
export class SelfCheckError extends Error {
  static override name = 'SelfCheckError'

  constructor(backend: string, what: string, deviation: number) {
    super(
      `${backend} computes ${what} with a deviation of ${deviation.toExponential(1)} from cpu, expected under 1e-3`
    )
    this.name = 'SelfCheckError'
  }
}
