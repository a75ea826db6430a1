/** CBOR as a tree that may be wrong in every way that the encoding allows, and the bytes of such a tree. */
import { CID } from 'multiformats/cid'
import { concat } from 'uint8arrays/concat'

/** How a head may lie: in a longer form than needed, of another length than follows, or without a length at all. */
export interface Lie {
  width?: 1 | 2 | 4 | 8
  claim?: bigint
  indefinite?: boolean
}

export type Node = Lie &
  (
    | { type: 'number'; value: bigint }
    | { type: 'bytes' | 'text'; bytes: Uint8Array }
    | { type: 'array'; items: Node[] }
    | { type: 'map'; pairs: [Node, Node][] }
    | { type: 'tag'; tag: bigint; item: Node }
    | { type: 'raw'; bytes: Uint8Array }
  )

const MAJOR = { bytes: 2, text: 3, array: 4, map: 5 } as const
const encoder = new TextEncoder()

export const raw = (...bytes: number[]): Node => ({ type: 'raw', bytes: Uint8Array.from(bytes) })
export const number = (value: number | bigint): Node => ({ type: 'number', value: BigInt(value) })
export const text = (value: string): Node => ({ type: 'text', bytes: encoder.encode(value) })
export const bytes = (value: Uint8Array): Node => ({ type: 'bytes', bytes: value })
/** A link in CBOR: tag 42 over the CID's bytes behind a zero. */
export const link = (cid: Uint8Array): Node => ({
  type: 'tag',
  tag: 42n,
  item: bytes(concat([Uint8Array.of(0), cid]))
})

/** A float64. */
export function float(value: number): Node {
  const out = new Uint8Array(9)
  out[0] = 0xfb
  new DataView(out.buffer).setFloat64(1, value)
  return { type: 'raw', bytes: out }
}

/** The canonical tree of a value. */
export function treeOf(value: unknown): Node {
  if (value === null) return raw(0xf6)
  if (typeof value === 'boolean') return raw(value ? 0xf5 : 0xf4)
  if (typeof value === 'string') return text(value)
  if (typeof value === 'bigint') return number(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? number(value) : float(value)
  if (value instanceof Uint8Array) return bytes(value)
  const cid = CID.asCID(value)
  if (cid != null) return link(cid.bytes)
  if (Array.isArray(value)) return { type: 'array', items: value.map(treeOf) }
  const keys = Object.keys(value as object).sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  const pairs = keys.map((key): [Node, Node] => [text(key), treeOf((value as Record<string, unknown>)[key])])
  return { type: 'map', pairs }
}

/** The bytes of a tree, lies and all. */
export function bytesOf(node: Node): Uint8Array {
  return concat(pieces(node))
}

function pieces(node: Node): Uint8Array[] {
  switch (node.type) {
    case 'raw':
      return [node.bytes]
    case 'number':
      return [node.value < 0n ? head(1, -1n - node.value, node) : head(0, node.value, node)]
    case 'bytes':
    case 'text':
      return [head(MAJOR[node.type], BigInt(node.bytes.length), node), node.bytes]
    case 'array':
      return collection(node, BigInt(node.items.length), node.items.flatMap(pieces))
    case 'map':
      return collection(
        node,
        BigInt(node.pairs.length),
        node.pairs.flatMap(([k, v]) => [...pieces(k), ...pieces(v)])
      )
    case 'tag':
      return [head(6, node.tag, node), ...pieces(node.item)]
  }
}

function collection(
  node: Node & { type: 'array' | 'map' },
  length: bigint,
  inner: Uint8Array[]
): Uint8Array[] {
  const major = MAJOR[node.type]
  if (node.indefinite === true) return [Uint8Array.of((major << 5) | 31), ...inner, Uint8Array.of(0xff)]
  return [head(major, length, node), ...inner]
}

/** RFC 8949, section 3: three bits of kind, five of a small number or of the length of a larger one. */
function head(major: number, length: bigint, { width, claim }: Lie): Uint8Array {
  const value = BigInt.asUintN(64, claim ?? length)
  const needed = value < 24n ? 0 : value < 0x100n ? 1 : value < 0x10000n ? 2 : value < 0x100000000n ? 4 : 8
  const size = Math.max(width ?? 0, needed)
  const small = size === 0 ? Number(value) : 24 + Math.log2(size)
  const out = new Uint8Array(1 + size)
  out[0] = (major << 5) | small
  for (let i = 0; i < size; i++) out[size - i] = Number((value >> BigInt(8 * i)) & 0xffn)
  return out
}
