/** Outputs of a model as rows for people, and how they compare with the truth. */
import type { Prediction } from './types.ts'
import type { Predictions } from '../../../src/training/predict.ts'

/** Row by row: with several outputs the most probable class, with one the number itself. */
export function predictionsOf({ size, width, values }: Predictions): Prediction[] {
  return Array.from({ length: size }, (_, i) => {
    const scores = [...values.subarray(i * width, (i + 1) * width)]
    return width === 1 ? { value: scores[0], scores: [] } : { value: indexOfMax(scores), scores }
  })
}

/** How often class `row` was taken for class `column`: classes × classes. */
export function confusionOf(
  predictions: readonly Prediction[],
  targets: Float32Array,
  classes: number
): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  predictions.forEach(({ value }, i) => matrix[targets[i]][value]++)
  return matrix
}

function indexOfMax(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0)
}
