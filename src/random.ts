/**
 * Seeded randomness: every draw in the core comes from a generator that was handed in. The same seed gives the same
 * draws on every platform; nothing here calls the host's transcendental functions.
 */

/** A stream of uniform 32-bit unsigned integers. */
export type Random = () => number

/**
 * sfc32, seeded by splitmix32. Passes PractRand; period about 2^127.
 *
 * @see https://pracrand.sourceforge.net/RNG_engines.txt
 */
export function seededRandom(...seed: number[]): Random {
  let state = 0x9e3779b9
  for (const word of seed) state = splitmix32((state ^ word) >>> 0)
  let a = (state = splitmix32(state))
  let b = (state = splitmix32(state))
  let c = splitmix32(state)
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return next
}

/** A generator seeded by bytes, e.g. by a commit's hash. */
export function randomFrom(bytes: Uint8Array, ...more: number[]): Random {
  const words = []
  for (let i = 0; i < bytes.byteLength; i += 4) {
    words.push(
      ((bytes[i] ?? 0) |
        ((bytes[i + 1] ?? 0) << 8) |
        ((bytes[i + 2] ?? 0) << 16) |
        ((bytes[i + 3] ?? 0) << 24)) >>>
        0
    )
  }
  return seededRandom(...words, ...more)
}

/** Draws that are asked for by number, in any order: each follows from the seed and its number alone. */
export function countedRandom(seed: Uint8Array): (index: number) => number {
  const random = randomFrom(seed)
  const [first, second] = [random(), random()]
  return (index) => splitmix32((splitmix32((index ^ first) >>> 0) ^ second) >>> 0)
}

/** Uniform in [0, 1), 24 bits: exact in float32. */
export function uniform(random: Random): number {
  return (random() >>> 8) / 0x1000000
}

/** Uniform integer in [0, below), without modulo bias. */
export function integerBelow(random: Random, below: number): number {
  const limit = 0x100000000 - (0x100000000 % below)
  let draw = random()
  while (draw >= limit) draw = random()
  return draw % below
}

/** Approximately standard normal (Irwin–Hall: the sum of 12 uniforms less 6); exact arithmetic on every platform. */
export function normal(random: Random): number {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += uniform(random)
  return sum
}

/** Fisher–Yates, in place. Returns its argument. */
export function shuffle<T extends { [index: number]: unknown; length: number }>(items: T, random: Random): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = integerBelow(random, i + 1)
    const item = items[i]
    items[i] = items[j]
    items[j] = item
  }
  return items
}

function splitmix32(state: number): number {
  let z = (state + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}
