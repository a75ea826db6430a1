/** Images as bytes, normalised only when they are read: a quarter of the memory of floats. */
import { after } from '../bytes.ts'
import { pickTargets } from '../targets.ts'
import type { LabelledDataset } from '../targets.ts'
import type { ImageInput } from '../../federation/manifest/schema.ts'

/** Bytes of one image of this input: height × width × channels. */
export function imageBytes({ height, width, channels }: ImageInput): number {
  return height * width * channels
}

/** The value of each byte: (byte / 255 − mean) / std. */
export function normalisationTable({ normalisation: { mean, std } }: ImageInput): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - mean) / std)
}

/**
 * Images in memory.
 *
 * @param pixels - size × imageBytes(input), row-major, channels last
 * @param targets - size values
 */
export function memoryImages(input: ImageInput, pixels: Uint8Array, targets: Float32Array): LabelledDataset {
  const length = imageBytes(input)
  const values = normalisationTable(input)
  return {
    size: targets.length,
    shape: imageShape(input),
    targets,
    read: (indices, features, out) => {
      pickTargets(targets, indices, out)
      for (let i = 0; i < indices.length; i++) {
        const from = indices[i] * length
        const to = i * length
        for (let p = 0; p < length; p++) features[to + p] = values[pixels[from + p]]
      }
    }
  }
}

/**
 * Images fetched when they are needed, for what is larger than memory.
 *
 * @param fetch - writes the images of some indices, one after the other, into indices.length × imageBytes(input)
 */
export function fetchedImages(
  input: ImageInput,
  targets: Float32Array,
  fetch: (indices: Uint32Array, pixels: Uint8Array) => Promise<void>
): LabelledDataset {
  const values = normalisationTable(input)
  return {
    size: targets.length,
    shape: imageShape(input),
    targets,
    read: (indices, features, out) => {
      pickTargets(targets, indices, out)
      const pixels = new Uint8Array(indices.length * imageBytes(input))
      return after(fetch(indices, pixels), () => {
        for (let p = 0; p < pixels.length; p++) features[p] = values[pixels[p]]
      })
    }
  }
}

function imageShape({ height, width, channels }: ImageInput): number[] {
  return [height, width, channels]
}
