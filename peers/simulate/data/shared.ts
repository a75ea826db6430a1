/** Examples in memory that all threads share: each is there once, whatever the number of clients and threads. */
import { DataError } from '../../../src/data/index.ts'
import type { Dataset, LabelledDataset } from '../../../src/data/index.ts'

/** Features of 32 bits; a plan with more wants a machine that nobody simulates on. */
const MAX_BYTES = 16 * 1024 ** 3
/** Examples read at a time. */
const CHUNK = 1024

/** Normalised examples, as training reads them. Both vectors are in shared memory: a thread gets them without a copy. */
export interface SharedExamples {
  /** Of one example. */
  shape: readonly number[]
  size: number
  /** size × product(shape), row-major. */
  features: Float32Array<SharedArrayBuffer>
  targets: Float32Array<SharedArrayBuffer>
}

/** Several data sets of one shape, one after the other, in shared memory. */
export async function shareExamples(datasets: readonly Dataset[], name: string): Promise<SharedExamples> {
  const { shape } = datasets[0]
  const width = shape.reduce((product, side) => product * side, 1)
  const size = datasets.reduce((sum, dataset) => sum + dataset.size, 0)
  const bytes = size * (width + 1) * Float32Array.BYTES_PER_ELEMENT
  if (bytes > MAX_BYTES) {
    const expected = `examples of at most ${MAX_BYTES / 1024 ** 3} GiB as 32-bit numbers`
    throw new DataError({ file: name, expected, found: `${(bytes / 1024 ** 3).toFixed(1)} GiB` })
  }
  const [features, targets] = [shared(size * width), shared(size)]
  let at = 0
  for (const dataset of datasets) {
    for (let start = 0; start < dataset.size; start += CHUNK) {
      const indices = Uint32Array.from({ length: Math.min(CHUNK, dataset.size - start) }, (_, i) => start + i)
      const end = at + indices.length
      await dataset.read(indices, features.subarray(at * width, end * width), targets.subarray(at, end))
      at = end
    }
  }
  return { shape, size, features, targets }
}

/** Zeros in memory that threads share. */
export function shared(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
}

/** Indices in memory that threads share. */
export function sharedIndices(indices: ArrayLike<number>): Uint32Array<SharedArrayBuffer> {
  const copy = new Uint32Array(new SharedArrayBuffer(indices.length * Uint32Array.BYTES_PER_ELEMENT))
  copy.set(indices)
  return copy
}

/** The shared examples as a data set. */
export function sharedDataset({ shape, size, features, targets }: SharedExamples): LabelledDataset {
  const width = shape.reduce((product, side) => product * side, 1)
  return {
    shape,
    size,
    targets,
    read(indices, featuresInto, targetsInto) {
      for (const [i, index] of indices.entries()) {
        featuresInto.set(features.subarray(index * width, (index + 1) * width), i * width)
        targetsInto[i] = targets[index]
      }
    }
  }
}
