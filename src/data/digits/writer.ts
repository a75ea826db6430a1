/** Handwritings: what a writer always does the same way, drawn from a seed. */
import { integerBelow, normal, seededRandom, uniform } from '../../random.ts'
import { addWarps, randomWarp } from './curve.ts'
import { GLYPHS } from './glyphs.ts'
import type { Random } from '../../random.ts'
import type { Warp } from './curve.ts'
import type { Shape } from './glyphs.ts'
import type { Pen } from './render.ts'

/** One writer's hand, pen and paper. */
export interface Writer {
  /** The shape this writer uses for each digit, and how it is bent. */
  digits: { shape: Shape; warp: Warp }[]
  /** Horizontal shift per unit of height: positive leans to the right. */
  slant: number
  /** Size of the unit box in pixels. */
  widthPx: number
  heightPx: number
  /** Tangent of half the angle by which this writer's lines climb. */
  tilt: number
  pen: Pen
  /** How unsteady the hand is: amplitude of the warp that each digit gets anew. */
  unsteadiness: number
  /** Grey level of full ink and of paper, 0..255. */
  inkLevel: number
  paperLevel: number
  /** Standard deviation of the grain, grey levels. */
  grain: number
}

/** Tells writers' draws from others with the same seed. */
const WRITER_STREAM = 0x77726974

/** The writer of a seed: the same seed is the same hand. */
export function writerOf(seed: number): Writer {
  const random = seededRandom(WRITER_STREAM, seed)
  const habit = randomWarp(0.035, random)
  const heightPx = between(17, 22, random)
  return {
    digits: GLYPHS.map((shapes) => ({
      shape: shapes[integerBelow(random, shapes.length)],
      warp: addWarps(habit, randomWarp(0.035, random))
    })),
    slant: clamped(0.22 * normal(random), 0.45),
    heightPx,
    widthPx: heightPx * between(0.55, 0.9, random),
    tilt: clamped(0.06 * normal(random), 0.12),
    pen: { radius: between(0.8, 1.8, random), softness: between(0.8, 1.6, random) },
    unsteadiness: between(0.015, 0.04, random),
    inkLevel: between(190, 255, random),
    paperLevel: between(0, 20, random),
    grain: between(4, 16, random)
  }
}

/** Uniform in [low, high). */
export function between(low: number, high: number, random: Random): number {
  return low + (high - low) * uniform(random)
}

/** A value kept within ±limit. */
export function clamped(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value))
}
