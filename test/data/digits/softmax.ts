/** A softmax regression in plain numbers: enough to ask whether data can be learned from. */
import { seededRandom, shuffle } from '../../../src/random.ts'
import type { LabelledDataset } from '../../../src/data/targets.ts'

export interface Examples {
  /** size × width. */
  features: Float32Array
  targets: Float32Array
  width: number
}

/** All of some data sets, one after the other. */
export async function examplesOf(...datasets: LabelledDataset[]): Promise<Examples> {
  const width = datasets[0].shape.reduce((a, b) => a * b, 1)
  const size = datasets.reduce((sum, dataset) => sum + dataset.size, 0)
  const examples = { features: new Float32Array(size * width), targets: new Float32Array(size), width }
  let at = 0
  for (const dataset of datasets) {
    const end = at + dataset.size
    const indices = Uint32Array.from({ length: dataset.size }, (_, i) => i)
    const features = examples.features.subarray(at * width, end * width)
    await dataset.read(indices, features, examples.targets.subarray(at, end))
    at = end
  }
  return examples
}

/** Weights (width + 1) × classes, the last row the bias, trained by SGD one example at a time. */
export function trainSoftmax(
  { features, targets, width }: Examples,
  options: { classes: number; epochs: number; learningRate: number }
): Float64Array {
  const { classes, epochs, learningRate } = options
  const weights = new Float64Array((width + 1) * classes)
  const order = Uint32Array.from(targets, (_, i) => i)
  const random = seededRandom(1)
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const i of shuffle(order, random)) {
      const x = features.subarray(i * width, (i + 1) * width)
      const gradient = softmax(scores(weights, x, classes))
      gradient[targets[i]] -= 1
      for (let p = 0; p <= width; p++) {
        const step = learningRate * (p < width ? x[p] : 1)
        if (step !== 0) for (let c = 0; c < classes; c++) weights[p * classes + c] -= step * gradient[c]
      }
    }
  }
  return weights
}

/** The share of examples whose class gets the highest score. */
export function accuracyOf(weights: Float64Array, { features, targets, width }: Examples): number {
  const classes = weights.length / (width + 1)
  let right = 0
  for (let i = 0; i < targets.length; i++) {
    const found = scores(weights, features.subarray(i * width, (i + 1) * width), classes)
    if (found.indexOf(Math.max(...found)) === targets[i]) right++
  }
  return right / targets.length
}

function scores(weights: Float64Array, x: Float32Array, classes: number): Float64Array {
  const out = weights.slice(x.length * classes)
  for (let p = 0; p < x.length; p++) {
    const value = x[p]
    if (value !== 0) for (let c = 0; c < classes; c++) out[c] += value * weights[p * classes + c]
  }
  return out
}

function softmax(values: Float64Array): Float64Array {
  const top = Math.max(...values)
  const powers = values.map((value) => Math.exp(value - top))
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((power) => power / sum)
}
