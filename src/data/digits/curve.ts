/** Strokes → line segments: smooth curves through the points, and gentle warps of the plane. */
import { normal } from '../../random.ts'
import type { Random } from '../../random.ts'
import type { Shape, Stroke } from './glyphs.ts'

/** Segments a curve has between two points. */
const STEPS = 5

/** Displacements on a 4 × 4 grid over the unit box, interpolated between: bends strokes without breaking corners. */
export interface Warp {
  /** x and y of each node, row-major: 32 values. */
  nodes: Float64Array
}

const GRID = 4

/** A random warp; `amplitude` is the standard deviation of the displacements, in units of the box. */
export function randomWarp(amplitude: number, random: Random): Warp {
  return { nodes: Float64Array.from({ length: GRID * GRID * 2 }, () => amplitude * normal(random)) }
}

/** The sum of two warps. */
export function addWarps(a: Warp, b: Warp): Warp {
  return { nodes: a.nodes.map((value, i) => value + b.nodes[i]) }
}

/** An affine map: x' = a·x + b·y + e, y' = c·x + d·y + f. */
export interface Affine {
  a: number
  b: number
  c: number
  d: number
  e: number
  f: number
}

/**
 * All line segments of a shape, warped in the unit box and then mapped to pixels.
 *
 * @returns x0, y0, x1, y1 of each segment
 */
export function segmentsOf(shape: Shape, warp: Warp, map: Affine): Float64Array {
  const spans = shape.reduce((sum, stroke) => sum + stroke.length - 1, 0)
  const out = new Float64Array(spans * STEPS * 4)
  let at = 0
  for (const stroke of shape)
    at = traceStroke(
      stroke.map((p) => place(p, warp, map)),
      out,
      at
    )
  return out
}

/** Catmull–Rom: a cubic through each pair of points with the neighbours' direction as tangent. */
function traceStroke(points: Stroke, out: Float64Array, at: number): number {
  let [x, y] = points[0]
  for (let i = 0; i + 1 < points.length; i++) {
    const before = points[Math.max(0, i - 1)]
    const behind = points[Math.min(points.length - 1, i + 2)]
    for (let step = 1; step <= STEPS; step++) {
      const weights = BLEND[step - 1]
      out[at] = x
      out[at + 1] = y
      x = blend(weights, before[0], points[i][0], points[i + 1][0], behind[0])
      y = blend(weights, before[1], points[i][1], points[i + 1][1], behind[1])
      out[at + 2] = x
      out[at + 3] = y
      at += 4
    }
  }
  return at
}

/** Catmull–Rom weights of the four points at each step. */
const BLEND = Array.from({ length: STEPS }, (_, i) => {
  const t = (i + 1) / STEPS
  return [
    (-t * t * t + 2 * t * t - t) / 2,
    (3 * t * t * t - 5 * t * t + 2) / 2,
    (-3 * t * t * t + 4 * t * t + t) / 2,
    (t * t * t - t * t) / 2
  ]
})

// eslint-disable-next-line max-params -- four values a point; an object would cost an allocation a segment
function blend(weights: number[], a: number, b: number, c: number, d: number): number {
  return weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d
}

function place([x, y]: readonly [number, number], warp: Warp, map: Affine): [number, number] {
  const wx = x + warpAt(warp, { x, y, axis: 0 })
  const wy = y + warpAt(warp, { x, y, axis: 1 })
  return [map.a * wx + map.b * wy + map.e, map.c * wx + map.d * wy + map.f]
}

function warpAt({ nodes }: Warp, { x, y, axis }: { x: number; y: number; axis: 0 | 1 }): number {
  const gx = Math.min(Math.max(x, 0), 1) * (GRID - 1)
  const gy = Math.min(Math.max(y, 0), 1) * (GRID - 1)
  const cx = Math.min(Math.floor(gx), GRID - 2)
  const cy = Math.min(Math.floor(gy), GRID - 2)
  const at = (cy * GRID + cx) * 2 + axis
  const top = nodes[at] * (1 - (gx - cx)) + nodes[at + 2] * (gx - cx)
  const bottom = nodes[at + GRID * 2] * (1 - (gx - cx)) + nodes[at + GRID * 2 + 2] * (gx - cx)
  return top * (1 - (gy - cy)) + bottom * (gy - cy)
}
