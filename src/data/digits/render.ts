/** Line segments → a 28 × 28 grey picture, anti-aliased by distance. */

/** Side of a picture in pixels. */
export const SIDE = 28

/** What lines are drawn with. */
export interface Pen {
  /** Half the line's width, in pixels. */
  radius: number
  /** Width of the fading edge, in pixels: 1 is a sharp pen, more a soft one. */
  softness: number
}

/**
 * Draw thick lines: each pixel takes the most ink that any segment leaves on it.
 *
 * @param segments - x0, y0, x1, y1 of each, in pixels
 * @param ink - SIDE × SIDE values in 0..1, drawn onto
 */
export function drawSegments(segments: Float64Array, pen: Pen, ink: Float32Array): void {
  for (let i = 0; i < segments.length; i += 4) drawSegment(segments.subarray(i, i + 4), pen, ink)
}

function drawSegment(segment: Float64Array, { radius, softness }: Pen, ink: Float32Array): void {
  const [x0, y0, x1, y1] = segment
  const reach = radius + softness
  const [dx, dy] = [x1 - x0, y1 - y0]
  const scale = 1 / (dx * dx + dy * dy + 1e-12)
  const left = firstPixel(Math.min(x0, x1) - reach)
  const right = lastPixel(Math.max(x0, x1) + reach)
  const bottom = lastPixel(Math.max(y0, y1) + reach)
  for (let y = firstPixel(Math.min(y0, y1) - reach); y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0]
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) * scale))
      const [ex, ey] = [px - t * dx, py - t * dy]
      const cover = (radius - Math.sqrt(ex * ex + ey * ey)) / softness + 0.5
      const at = y * SIDE + x
      if (cover > ink[at]) ink[at] = cover < 1 ? cover : 1
    }
  }
}

function firstPixel(position: number): number {
  return Math.max(0, Math.floor(position))
}

function lastPixel(position: number): number {
  return Math.min(SIDE - 1, Math.floor(position))
}
