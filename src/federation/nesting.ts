/** How deep CBOR is nested, found out without recursion: decoders recurse, and a few KiB could exhaust their stack. */

/** Kinds of items that hold others (RFC 8949, section 3.1). */
const ARRAY = 4
const MAP = 5
const TAG = 6
/** Length forms: below, the length itself; above the longest, none that DAG-CBOR knows. */
const ONE_BYTE = 24
const EIGHT_BYTES = 27

/**
 * True when arrays, maps and tags lie more than `most` deep in each other. What is no CBOR at all is for the decoder
 * to refuse: reading ends where it makes no sense.
 */
export function isDeeperThan(bytes: Uint8Array, most: number): boolean {
  /** Items still to come in each collection that is open. */
  const open: number[] = []
  for (let at = 0; at < bytes.byteLength;) {
    const kind = bytes[at] >> 5
    const { value, headBytes } = readHead(bytes, at)
    if (Number.isNaN(value)) return false
    at += headBytes
    if (kind === 2 || kind === 3) at += value
    const items = kind === ARRAY ? value : kind === MAP ? 2 * value : kind === TAG ? 1 : 0
    if (items > 0) open.push(items)
    else finishItem(open)
    if (open.length > most) return true
  }
  return false
}

/** The number in an item's head; NaN where there is none. */
function readHead(bytes: Uint8Array, at: number): { value: number; headBytes: number } {
  const form = bytes[at] & 31
  if (form < ONE_BYTE) return { value: form, headBytes: 1 }
  const width = 2 ** (form - ONE_BYTE)
  if (form > EIGHT_BYTES || at + width >= bytes.byteLength) return { value: NaN, headBytes: 1 }
  let value = 0
  for (let i = 1; i <= width; i++) value = value * 256 + bytes[at + i]
  return { value, headBytes: 1 + width }
}

/** One item is complete, and with it every collection whose last it was. */
function finishItem(open: number[]): void {
  while (open.length > 0 && --open[open.length - 1] === 0) open.pop()
}
