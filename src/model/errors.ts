/** What can be wrong with a model, each as its own error. */
import { printable } from '../printable.ts'

/** A reason may quote names out of a stranger's file. */
const MAX_REASON_CHARACTERS = 1_000

/** A topology that is not data we accept: unreadable, a layer that is not allowed, an option we do not train. */
export class InvalidTopologyError extends Error {
  static override name = 'InvalidTopologyError'

  constructor(place: string, reason: string, options?: ErrorOptions) {
    super(
      `The model's topology cannot be used, ${place}: ${printable(reason, MAX_REASON_CHARACTERS)}`,
      options
    )
    this.name = 'InvalidTopologyError'
  }
}

/** A model larger than the caps, found out before anything is allocated. */
export class ModelTooLargeError extends Error {
  static override name = 'ModelTooLargeError'

  constructor(what: string, found: number, most: number) {
    super(`The model has ${found} ${what}, at most ${most} are allowed; use fewer or smaller layers`)
    this.name = 'ModelTooLargeError'
  }
}

/** A model that does not fit the task: input or output of the wrong shape, activation or loss that do not go together. */
export class ModelMismatchError extends Error {
  static override name = 'ModelMismatchError'

  constructor(what: string, found: string, expected: string) {
    super(`The model does not fit the task: ${what} is ${found}, expected ${expected}`)
    this.name = 'ModelMismatchError'
  }
}

/** A flat weight vector whose length is not that of the model. */
export class WeightsLengthError extends Error {
  static override name = 'WeightsLengthError'

  constructor(found: number, expected: number) {
    super(`${found} weights given, the model has ${expected}: they belong to another model`)
    this.name = 'WeightsLengthError'
  }
}

/** A model file (model.json, weights.bin, safetensors) that is damaged or not of the format. */
export class InvalidModelFileError extends Error {
  static override name = 'InvalidModelFileError'

  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file} is not a usable model file: ${printable(reason, MAX_REASON_CHARACTERS)}`, options)
    this.name = 'InvalidModelFileError'
  }
}
