/**
 * Drawn digits: the built-in demo data. Seeded 28 × 28 grey pictures of handwritten digits, each writer with a hand of
 * its own, so that peers with different writers have different data and learn from each other.
 */
import { seededRandom } from '../../random.ts'
import { memoryImages } from '../image/images.ts'
import { drawDigit } from './draw.ts'
import { SIDE } from './render.ts'
import { writerOf } from './writer.ts'
import type { LabelledDataset } from '../targets.ts'
import type { ImageInput } from '../../federation/manifest/schema.ts'

export interface DrawnDigitsOptions {
  /** One seed a writer: the same seed is the same hand. */
  writers: readonly number[]
  /** Pictures in all, as many of each writer and of each digit as can be. */
  samples: number
  /** Of the strokes, not of the hands: other seeds give other pictures by the same writers. */
  seed: number
  /** Normalisation; default: bytes scaled to 0..1. */
  normalisation?: ImageInput['normalisation']
}

/** Classes of drawn digits: '0' … '9'. */
export const DIGITS = 10
/** The manifest input of drawn digits. */
export const DIGIT_SHAPE = { height: SIDE, width: SIDE, channels: 1 } as const

/** Centres their pixels: training converges in fewer steps with it. */
export const DIGIT_NORMALISATION = { mean: 0.15, std: 0.3 } as const

/**
 * Writers and pictures of a `demo:` peer, and of the common test set. With three writers a peer that trains alone (a
 * 784-64-10 network, 10 epochs) gets 0.67–0.75 right of what unseen writers wrote, four peers together 0.87.
 */
const PEER_WRITERS = 3
const PEER_SAMPLES = 1200
const TEST_WRITERS = 40
const TEST_SAMPLES = 2000
/** Writer seeds of the test set start here; peers' seeds stay below. */
const TEST_WRITER_SEED = 0xf0000000
const TEST_SEED = 0x74657374

/** Draw digits. Example i shows digit i mod 10; writers take turns. Deterministic on every platform. */
export function drawnDigits(options: DrawnDigitsOptions): LabelledDataset {
  const { samples, normalisation = { mean: 0, std: 1 } } = options
  const writers = options.writers.map(writerOf)
  const random = seededRandom(options.seed, ...options.writers)
  const pixels = new Uint8Array(samples * SIDE * SIDE)
  const targets = new Float32Array(samples)
  for (let i = 0; i < samples; i++) {
    const digit = i % DIGITS
    const writer = writers[Math.floor(i / DIGITS) % writers.length]
    drawDigit(writer, digit, random, pixels.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE))
    targets[i] = digit
  }
  return memoryImages({ kind: 'image', ...DIGIT_SHAPE, normalisation }, pixels, targets)
}

/** What peer `demo:<seed>` has: pictures by a few writers whom no other seed shares. */
export function demoTrain(seed: number, normalisation?: ImageInput['normalisation']): LabelledDataset {
  const writers = Array.from({ length: PEER_WRITERS }, (_, i) => (seed * PEER_WRITERS + i) % TEST_WRITER_SEED)
  return drawnDigits({ writers, samples: PEER_SAMPLES, seed, normalisation })
}

/** What every `demo:` peer is tested on: pictures by many writers whom no peer has. */
export function demoTest(normalisation?: ImageInput['normalisation']): LabelledDataset {
  const writers = Array.from({ length: TEST_WRITERS }, (_, i) => TEST_WRITER_SEED + i)
  return drawnDigits({ writers, samples: TEST_SAMPLES, seed: TEST_SEED, normalisation })
}
