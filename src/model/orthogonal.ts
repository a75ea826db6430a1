/** Orthogonal initial weights (Saxe et al. 2013) by Gram–Schmidt: exact arithmetic only. */
import { ModelTooLargeError } from './errors.ts'
import { normal } from '../random.ts'
import type { Shape } from './layers/common.ts'
import type { Random } from '../random.ts'

/** About ten seconds of one core; a larger recurrent layer names another initializer. */
const MAX_OPERATIONS = 2 ** 33

/**
 * Fill a [rows, columns] matrix so that its shorter side's vectors are orthonormal, times `gain`.
 *
 * @throws {ModelTooLargeError} the matrix would take minutes
 */
export function orthogonal(
  values: Float32Array,
  { shape, random, gain }: { shape: Shape; random: Random; gain: number }
): void {
  const columns = shape[shape.length - 1]
  const rows = values.length / columns
  const [count, length] = rows <= columns ? [rows, columns] : [columns, rows]
  const operations = count * count * length
  if (operations > MAX_OPERATIONS) {
    throw new ModelTooLargeError('operations to draw orthogonal weights', operations, MAX_OPERATIONS)
  }
  const vectors = orthonormal(count, length, random)
  for (const [i, vector] of vectors.entries()) {
    const [step, start] = rows <= columns ? [1, i * columns] : [columns, i]
    for (let j = 0; j < length; j++) values[start + j * step] = gain * vector[j]
  }
}

/** `count` random orthonormal vectors; each is projected twice, which keeps them orthogonal to rounding error. */
function orthonormal(count: number, length: number, random: Random): Float64Array[] {
  const vectors: Float64Array[] = []
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => normal(random))
    for (const other of [...vectors, ...vectors]) subtract(vector, other, dot(vector, other))
    const norm = Math.sqrt(dot(vector, vector))
    // A draw that happens to lie in the others' span is drawn again.
    if (norm > 1e-6) vectors.push(vector.map((value) => value / norm))
  }
  return vectors
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function subtract(a: Float64Array, b: Float64Array, times: number): void {
  for (let i = 0; i < a.length; i++) a[i] -= times * b[i]
}
