/** Which values of a vector are the largest, in time that grows with its length alone. */

/** The bits of a positive float32, as a number, are in the order of the floats; NaN comes after all of them. */
const MAGNITUDE = 0x7fffffff

/** Values looked at to guess how large those are that count. */
const SAMPLES = 16_384
/** Fewer than these take no guess. */
const MANY = 4 * SAMPLES

/**
 * Indices of the `count` values of the largest magnitude, ascending; of equal ones the first. A sample tells a magnitude that
 * somewhat more values reach; of these alone two passes of a radix selection, 16 bits each, find the least that counts.
 * Where the sample misleads, they take all values.
 */
export function largest(values: Float32Array, count: number): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const likely = bits.length < MANY ? null : reachingMost(bits, count)
  if (likely == null) return chosen(bits, count)
  const within = new Uint32Array(likely.length)
  for (let i = 0; i < likely.length; i++) within[i] = bits[likely[i]]
  const indices = chosen(within, count)
  for (let i = 0; i < count; i++) indices[i] = likely[indices[i]]
  return indices
}

/** The same of whatever values, by looking at each of them three times. */
function chosen(bits: Uint32Array, count: number): Uint32Array {
  const indices = new Uint32Array(count)
  const { least, ties } = leastOf(bits, count)
  let tiesLeft = ties
  let found = 0
  for (let i = 0; i < bits.length && found < count; i++) {
    const magnitude = bits[i] & MAGNITUDE
    if (magnitude > least || (magnitude === least && tiesLeft-- > 0)) indices[found++] = i
  }
  return indices
}

/** Indices, ascending, of at least `count` values that are larger than all others; null where a sample does not find them. */
function reachingMost(bits: Uint32Array, count: number): Uint32Array | null {
  const step = Math.floor(bits.length / SAMPLES)
  const sample = Uint32Array.from({ length: SAMPLES }, (_, i) => bits[i * step])
  const expected = (count / bits.length) * SAMPLES
  // Four standard deviations more than as many as count.
  const rank = Math.ceil(expected + 4 * Math.sqrt(expected) + 4)
  if (rank >= SAMPLES / 2) return null
  const { least } = leastOf(sample, rank)
  const indices = new Uint32Array(2 * Math.ceil((rank / SAMPLES) * bits.length))
  let found = 0
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & MAGNITUDE) < least) continue
    if (found === indices.length) return null
    indices[found++] = i
  }
  return found < count ? null : indices.subarray(0, found)
}

/** The least of the `count` largest magnitudes, and how many of those that equal it are among them. */
function leastOf(bits: Uint32Array, count: number): { least: number; ties: number } {
  const counts = new Uint32Array(0x10000)
  for (let i = 0; i < bits.length; i++) counts[(bits[i] & MAGNITUDE) >>> 16]++
  const upper = reaching(counts, count)
  counts.fill(0)
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & MAGNITUDE) >>> 16 === upper.bin) counts[bits[i] & 0xffff]++
  }
  const lower = reaching(counts, upper.left)
  return { least: upper.bin * 0x10000 + lower.bin, ties: lower.left }
}

/** The bin, from the last downwards, in which `count` is reached, and what was left to reach before it. */
function reaching(counts: Uint32Array, count: number): { bin: number; left: number } {
  let left = count
  let bin = counts.length - 1
  for (; bin > 0 && counts[bin] < left; bin--) left -= counts[bin]
  return { bin, left }
}
