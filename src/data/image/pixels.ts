/** Decoded pictures → the manifest's height, width and channels. */
import type { ImageInput } from '../../federation/manifest/schema.ts'

/** A decoded picture: RGBA bytes, row-major. */
export interface Picture {
  width: number
  height: number
  rgba: Uint8Array
}

/**
 * Write a picture as the manifest's input: grey (Rec. 601 luma) or RGB, transparent parts on black.
 *
 * @param out - height × width × channels of the picture's own size
 */
export function writeChannels({ rgba }: Picture, channels: 1 | 3, out: Uint8Array): void {
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const alpha = rgba[from + 3] / 255
    const [r, g, b] = [rgba[from] * alpha, rgba[from + 1] * alpha, rgba[from + 2] * alpha]
    if (channels === 1) out[to++] = Math.round(0.299 * r + 0.587 * g + 0.114 * b)
    else {
      out[to++] = Math.round(r)
      out[to++] = Math.round(g)
      out[to++] = Math.round(b)
    }
  }
}

/** Resize: the mean of the area each pixel covers when shrinking (box filter), bilinear when enlarging. */
export function resize(picture: Picture, { height, width }: Pick<ImageInput, 'height' | 'width'>): Picture {
  const columns = axisWeights(picture.width, width)
  const rows = axisWeights(picture.height, height)
  const rgba = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 4; c++) {
        rgba[(y * width + x) * 4 + c] = Math.round(weighted(picture, { column: columns[x], row: rows[y], c }))
      }
    }
  }
  return { width, height, rgba }
}

/** Source pixels that one target pixel is made of along one axis; the weights sum to 1. */
interface AxisWeight {
  first: number
  weights: number[]
}

function axisWeights(from: number, to: number): AxisWeight[] {
  const scale = from / to
  return Array.from({ length: to }, (_, i) =>
    scale > 1 ? boxWeight(i * scale, scale) : linearWeight((i + 0.5) * scale - 0.5, from)
  )
}

function boxWeight(start: number, scale: number): AxisWeight {
  const end = start + scale
  const first = Math.floor(start)
  // Rounding may put the last end a hair beyond the picture.
  const last = Math.ceil(end - 1e-9) - 1
  const weights = Array.from({ length: last - first + 1 }, (_, i) => {
    const pixel = first + i
    return (Math.min(end, pixel + 1) - Math.max(start, pixel)) / scale
  })
  return { first, weights }
}

function linearWeight(at: number, size: number): AxisWeight {
  const clamped = Math.min(Math.max(at, 0), size - 1)
  const first = Math.floor(clamped)
  const share = clamped - first
  return { first, weights: share === 0 ? [1] : [1 - share, share] }
}

function weighted(picture: Picture, at: { column: AxisWeight; row: AxisWeight; c: number }): number {
  let sum = 0
  at.row.weights.forEach((rowWeight, dy) => {
    const base = (at.row.first + dy) * picture.width + at.column.first
    at.column.weights.forEach((weight, dx) => {
      sum += rowWeight * weight * picture.rgba[(base + dx) * 4 + at.c]
    })
  })
  return sum
}
