/** Damage to real messages, byte by byte: what a broken disk, a cut line or an attacker without a plan makes of them. */
import fc from 'fast-check'
import { concat } from 'uint8arrays/concat'

/** Numbers at which counters, lengths and offsets break. */
export const BOUNDARIES = [
  ...[0, 1, 0x17, 0x18, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff],
  ...[0x80000000, 0xffffffff, 0x100000000, 0x40000000, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 63]
]

/** One change; every field means something else to each kind. */
export interface ByteMutation {
  kind: keyof typeof kinds
  at: number
  length: number
  value: number
}

type Apply = (bytes: Uint8Array, mutation: ByteMutation, others: readonly Uint8Array[]) => Uint8Array

const cut = (bytes: Uint8Array, { at, length }: ByteMutation): [Uint8Array, Uint8Array, Uint8Array] => {
  const from = at % (bytes.length + 1)
  const to = Math.min(bytes.length, from + (length % 64))
  return [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]
}

const set = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const changed = bytes.slice()
  if (changed.length > 0) changed[at % changed.length] = value
  return changed
}

const kinds = {
  flip: (bytes, { at, value }) =>
    bytes.length === 0 ? bytes : set(bytes, at, bytes[at % bytes.length] ^ (1 << (value % 8))),
  byte: (bytes, { at, value }) => set(bytes, at, value),
  truncate: (bytes, { at }) => bytes.subarray(0, at % (bytes.length + 1)),
  behead: (bytes, { at }) => bytes.subarray(at % (bytes.length + 1)),
  remove: (bytes, mutation) => {
    const [before, , after] = cut(bytes, mutation)
    return concat([before, after])
  },
  repeat: (bytes, mutation) => {
    const [before, piece, after] = cut(bytes, mutation)
    return concat([before, ...new Array<Uint8Array>(1 + (mutation.value % 8)).fill(piece), after])
  },
  insert: (bytes, mutation) => {
    const [before, , after] = cut(bytes, mutation)
    const filling = new Uint8Array(mutation.length % 64).fill(mutation.value)
    return concat([before, filling, after])
  },
  boundary: (bytes, { at, length, value }) => {
    const width = [1, 2, 4, 8][length % 4]
    if (bytes.length < width) return bytes
    const changed = bytes.slice()
    const number = BigInt.asUintN(8 * width, BigInt(BOUNDARIES[value % BOUNDARIES.length]))
    for (let i = 0; i < width; i++) {
      // Odd lengths stand for little endian.
      const place = length % 8 < 4 ? width - 1 - i : i
      changed[(at % (bytes.length - width + 1)) + place] = Number((number >> BigInt(8 * i)) & 0xffn)
    }
    return changed
  },
  splice: (bytes, { at, length, value }, others) => {
    const other = others[value % others.length] ?? bytes
    return concat([bytes.subarray(0, at % (bytes.length + 1)), other.subarray(length % (other.length + 1))])
  },
  swap: (bytes, mutation) => {
    const [before, piece, after] = cut(bytes, mutation)
    return concat([after, piece, before])
  }
} satisfies Record<string, Apply>

const mutation: fc.Arbitrary<ByteMutation> = fc.record({
  kind: fc.constantFrom(...(Object.keys(kinds) as ByteMutation['kind'][])),
  at: fc.nat(),
  length: fc.nat(0xffff),
  value: fc.nat(0xff)
})

/** One of the messages with up to `most` changes, or now and then none. */
export function damaged(messages: readonly Uint8Array[], most = 4): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.nat(messages.length - 1), fc.array(mutation, { maxLength: most }))
    .map(([which, changes]) => applied(messages[which], changes, messages))
}

/** The same with text, damaged as UTF-8 and as UTF-16. */
export function damagedText(texts: readonly string[], most = 4): fc.Arbitrary<string> {
  const encoder = new TextEncoder()
  return damaged(
    texts.map((text) => encoder.encode(text)),
    most
  ).map((bytes) => new TextDecoder().decode(bytes))
}

function applied(
  message: Uint8Array,
  changes: readonly ByteMutation[],
  others: readonly Uint8Array[]
): Uint8Array {
  return changes.reduce((bytes, change) => (kinds[change.kind] as Apply)(bytes, change, others), message)
}
