/** Which values of a vector are the largest, in time that grows with its length alone. */

/** The bits of a positive float32, as a number, are in the order of the floats; NaN comes after all of them. */
const MAGNITUDE = 0x7fffffff

/**
 * Indices of the `count` values of the largest magnitude, ascending; of equal ones the first. Two passes of a radix
 * selection, 16 bits each, find the least magnitude that counts.
 */
export function largest(values: Float32Array, count: number): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
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
