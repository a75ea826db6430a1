/**
 * Increasing indices in as few bits as their number allows, in a size that follows from counts alone (Elias 1974, Fano
 * 1971): the `lowBits` lowest bits of each index as they are; of the rest, index by index, the difference to the one before
 * in unary. At most 2 bits an index more than log₂(length / count).
 */

/** Indices below `length`, `count` of them; what follows from both. */
export interface IndexLayout {
  length: number
  count: number
  lowBits: number
  /** Bytes of the unary half, which comes first, and of the lowest bits. */
  highBytes: number
  lowBytes: number
}

/** `count` from 1 to `length`, or both 0. The lowest bits are at most 24, so that one fits into a word at any shift. */
export function indexLayout(length: number, count: number): IndexLayout {
  let lowBits = 0
  while (lowBits < 24 && count > 0 && count * 2 ** (lowBits + 1) <= length) lowBits++
  const highBits = count === 0 ? 0 : count + Math.floor((length - 1) / 2 ** lowBits)
  return {
    length,
    count,
    lowBits,
    highBytes: Math.ceil(highBits / 8),
    lowBytes: Math.ceil((count * lowBits) / 8)
  }
}

/** Write strictly increasing indices to zeroed bytes. */
export function writeIndices(indices: Uint32Array, layout: IndexLayout, bytes: Uint8Array): void {
  const { lowBits, highBytes } = layout
  const low = bytes.subarray(highBytes)
  const mask = 2 ** lowBits - 1
  indices.forEach((index, i) => {
    const high = (index >>> lowBits) + i
    bytes[high >>> 3] |= 1 << (high & 7)
    const at = i * lowBits
    let rest = (index & mask) << (at & 7)
    for (let byte = at >>> 3; rest !== 0; byte++, rest >>>= 8) low[byte] |= rest
  })
}

/** Read them back. @returns null: not what `writeIndices` writes */
export function readIndices(bytes: Uint8Array, layout: IndexLayout): Uint32Array | null {
  const { length, count, lowBits, highBytes, lowBytes } = layout
  const indices = new Uint32Array(count)
  let found = 0
  let before = -1
  for (let byte = 0; byte < highBytes; byte++) {
    for (let ones = bytes[byte]; ones !== 0; ones &= ones - 1) {
      if (found === count) return null
      const bit = 8 * byte + (31 - Math.clz32(ones & -ones))
      const index = (bit - found) * 2 ** lowBits + lowOf(bytes, layout, found)
      if (index <= before || index >= length) return null
      before = indices[found++] = index
    }
  }
  const used = (count * lowBits) % 8
  const isPadded = used === 0 || bytes[highBytes + lowBytes - 1] >>> used === 0
  return found === count && isPadded ? indices : null
}

/** The lowest bits of index `i`. */
function lowOf(bytes: Uint8Array, { lowBits, highBytes }: IndexLayout, i: number): number {
  if (lowBits === 0) return 0
  const bit = i * lowBits
  const at = highBytes + (bit >>> 3)
  // Beyond the end there is nothing, and it is masked anyway.
  const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
  return (word >>> (bit & 7)) & (2 ** lowBits - 1)
}
