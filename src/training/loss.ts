/**
 * Losses on logits, with their gradient, as plain arithmetic: the output layer is small, and a handful of backend
 * operations a step would cost more than this loop.
 */
import { InvalidTargetError } from './errors.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'

/** What one batch came to. */
export interface Batch {
  /** Outputs of the model without its last activation, examples × width. */
  logits: Float32Array
  /** The class index or the value, one an example. */
  targets: Float32Array
  width: number
}

/**
 * The sum of the losses of a batch. With `gradient` (examples × width) given, it is filled with the derivative of the
 * *mean* loss by the logits.
 */
export type Loss = (batch: Batch, gradient?: Float32Array) => number

/** The loss that a manifest names. */
export function lossFor(name: TrainingSpec['loss']): Loss {
  return losses[name]
}

/** −log softmax(z)[target] (Bridle 1990), by log-sum-exp. */
const categoricalCrossentropy: Loss = ({ logits, targets, width }, gradient) => {
  const examples = logits.length / width
  let sum = 0
  for (let i = 0; i < examples; i++) {
    const row = logits.subarray(i * width, (i + 1) * width)
    const target = classOf(targets[i], width)
    const largest = maximum(row)
    const total = exponentials(row, largest)
    sum += Math.log(total) + largest - row[target]
    if (gradient == null) continue
    for (let j = 0; j < width; j++) gradient[i * width + j] = Math.exp(row[j] - largest) / total / examples
    gradient[i * width + target] -= 1 / examples
  }
  return sum
}

/** −log σ(±z) of one logit, written so that neither side overflows. */
const binaryCrossentropy: Loss = ({ logits, targets }, gradient) => {
  let sum = 0
  for (let i = 0; i < logits.length; i++) {
    const z = logits[i]
    const target = classOf(targets[i], 2)
    sum += Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z)))
    if (gradient != null) gradient[i] = (sigmoid(z) - target) / logits.length
  }
  return sum
}

const meanSquaredError: Loss = ({ logits, targets }, gradient) => {
  let sum = 0
  for (let i = 0; i < logits.length; i++) {
    const error = logits[i] - targets[i]
    sum += error * error
    if (gradient != null) gradient[i] = (2 * error) / logits.length
  }
  return sum
}

const losses = { categoricalCrossentropy, binaryCrossentropy, meanSquaredError }

/** 1 / (1 + e^−z). */
export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

/** Turn each row of logits into probabilities that sum to 1, in place. */
export function softmaxRows(logits: Float32Array, width: number): Float32Array {
  for (let i = 0; i < logits.length; i += width) {
    const row = logits.subarray(i, i + width)
    const largest = maximum(row)
    const total = exponentials(row, largest)
    for (let j = 0; j < width; j++) row[j] = Math.exp(row[j] - largest) / total
  }
  return logits
}

function maximum(row: Float32Array): number {
  let largest = row[0]
  for (let j = 1; j < row.length; j++) if (row[j] > largest) largest = row[j]
  return largest
}

function exponentials(row: Float32Array, largest: number): number {
  let total = 0
  for (let j = 0; j < row.length; j++) total += Math.exp(row[j] - largest)
  return total
}

/** The class that a target names. @throws {InvalidTargetError} */
export function classOf(target: number, classes: number): number {
  if (Number.isInteger(target) && target >= 0 && target < classes) return target
  throw new InvalidTargetError(target, `a class index from 0 to ${classes - 1}`)
}
