/** One digit by one writer, drawn anew each time: shaken, turned, moved, smudged. */
import { normal, uniform } from '../../random.ts'
import { addWarps, randomWarp, segmentsOf } from './curve.ts'
import { drawSegments, SIDE } from './render.ts'
import { between, clamped } from './writer.ts'
import type { Random } from '../../random.ts'
import type { Affine } from './curve.ts'
import type { Writer } from './writer.ts'

/** How often a picture has a stray line, and how often a part is rubbed out. */
const STRAY_SHARE = 0.12
const RUBBED_SHARE = 0.1

/**
 * Draw a digit.
 *
 * @param digit - 0 … 9
 * @param pixels - SIDE × SIDE grey levels, overwritten: bright ink on dark paper, as in MNIST
 */
export function drawDigit(writer: Writer, digit: number, random: Random, pixels: Uint8Array): void {
  const { shape, warp } = writer.digits[digit]
  const ink = new Float32Array(SIDE * SIDE)
  const pen = { ...writer.pen, radius: writer.pen.radius * between(0.85, 1.15, random) }
  const bent = addWarps(warp, randomWarp(writer.unsteadiness, random))
  drawSegments(segmentsOf(shape, bent, placement(writer, random)), pen, ink)
  if (uniform(random) < RUBBED_SHARE) rubOut(ink, random)
  if (uniform(random) < STRAY_SHARE) drawSegments(strayLine(random), pen, ink)
  develop(ink, writer, random, pixels)
}

/** The unit box → pixels: shear by the slant, scale, turn about the middle, move. */
function placement(writer: Writer, random: Random): Affine {
  const width = writer.widthPx * between(0.92, 1.08, random)
  const height = writer.heightPx * between(0.92, 1.08, random)
  const { cos, sin } = turn(clamped(writer.tilt + 0.03 * normal(random), 0.16))
  const shear = -writer.slant * height
  const middle = SIDE / 2
  const [a, b, c, d] = [cos * width, cos * shear - sin * height, sin * width, sin * shear + cos * height]
  const [moveX, moveY] = [between(-1.2, 1.2, random), between(-1.2, 1.2, random)]
  return { a, b, c, d, e: middle + moveX - (a + b) / 2, f: middle + moveY - (c + d) / 2 }
}

/** A rotation from the tangent of half its angle: exact arithmetic, the same on every platform. */
function turn(halfTangent: number): { cos: number; sin: number } {
  const square = halfTangent * halfTangent
  return { cos: (1 - square) / (1 + square), sin: (2 * halfTangent) / (1 + square) }
}

function strayLine(random: Random): Float64Array {
  const [x, y] = [between(0, SIDE, random), between(0, SIDE, random)]
  return Float64Array.of(x, y, x + between(-9, 9, random), y + between(-9, 9, random))
}

/** Make a small square faint. */
function rubOut(ink: Float32Array, random: Random): void {
  const side = Math.floor(between(4, 8, random))
  const left = Math.floor(between(4, SIDE - 4 - side, random))
  const top = Math.floor(between(4, SIDE - 4 - side, random))
  for (let y = top; y < top + side; y++) ink.fill(0, y * SIDE + left, y * SIDE + left + side)
}

/** Ink on paper, with grain: the sum of a draw's four bytes is close to normal, and one draw a pixel is cheap. */
function develop(ink: Float32Array, writer: Writer, random: Random, pixels: Uint8Array): void {
  const { paperLevel, grain } = writer
  const contrast = writer.inkLevel - paperLevel
  for (let i = 0; i < ink.length; i++) {
    const draw = random()
    const sum = (draw & 255) + ((draw >>> 8) & 255) + ((draw >>> 16) & 255) + (draw >>> 24)
    const level = paperLevel + contrast * ink[i] + grain * ((sum - FOUR_BYTES_MEAN) / FOUR_BYTES_STD)
    pixels[i] = level < 0 ? 0 : level > 255 ? 255 : level
  }
}

/** Of the sum of four uniform bytes. */
const FOUR_BYTES_MEAN = 510
const FOUR_BYTES_STD = 147.8
