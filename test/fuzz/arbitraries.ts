/** Hostile CBOR: real messages with changed trees, and trees that were never a message. */
import { decode as decodeCbor } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { bytes, bytesOf, float, link, number, raw, text, treeOf } from './cbor.ts'
import { BOUNDARIES, damaged } from './mutate.ts'
import type { Lie, Node } from './cbor.ts'

const some = new Uint8Array(32).fill(7)
const digest = await sha256.digest(some)

/** Addresses that this project never makes: other versions, codecs and hashes, and some cut short. */
const cids = [
  CID.createV0(digest).bytes,
  CID.createV1(0x70, digest).bytes,
  CID.createV1(0x55, digest).bytes,
  CID.createV1(0x71, digest).bytes,
  CID.createV1(0x71, await sha512.digest(some)).bytes,
  CID.createV1(0x71, identity.digest(some)).bytes,
  CID.createV1(0x71, digest).bytes.subarray(0, 20),
  Uint8Array.of(1, 0x71, 0x12, 0xff, 0xff, 0xff, 0x7f, 1),
  new Uint8Array(0)
]

const nested = (depth: number, head: number[]): Node =>
  raw(...Array.from({ length: depth }, () => head).flat(), 0)
const claiming = (type: 'array' | 'map' | 'bytes' | 'text', claim: bigint): Node =>
  type === 'array'
    ? { type, items: [], claim }
    : type === 'map'
      ? { type, pairs: [], claim }
      : { type, bytes: some.subarray(0, 1), claim }

/** What no field expects. */
const hostile: Node[] = [
  raw(0xf9, 0x7e, 0x00), // NaN, in each width
  raw(0xfa, 0x7f, 0xc0, 0, 0),
  float(NaN),
  float(Infinity),
  float(-Infinity),
  raw(0xf9, 0x7c, 0x00),
  float(-0),
  ...[1e30, -1e30, 1e308, 5e-324, 0.1, 1, 2 ** 53, 1e300].map(float),
  ...BOUNDARIES.flatMap((value) => [number(value), number(-value), number(BigInt(value) - 1n)]),
  raw(0xf7), // undefined
  ...[0xf4, 0xf5, 0xf6, 0xe0, 0xff, 0x1c, 0x5f].map((byte) => raw(byte)),
  text(''),
  text('\u001b[2J\u0000\u202e'),
  text('x'.repeat(5000)),
  { type: 'text', bytes: Uint8Array.of(0xed, 0xa0, 0x80, 0xff) },
  bytes(new Uint8Array(0)),
  bytes(some),
  bytes(new Uint8Array(10_000)),
  ...cids.map(link),
  { type: 'tag', tag: 42n, item: text('bafy') },
  { type: 'tag', tag: 2n, item: bytes(some) },
  { type: 'tag', tag: 0n, item: text('2024-01-01') },
  { type: 'array', items: [] },
  { type: 'map', pairs: [] },
  { type: 'array', items: new Array<Node>(3000).fill(number(0)) },
  nested(40, [0x81]),
  nested(3000, [0x81]),
  nested(3000, [0xa1, 0x61, 0x61]),
  nested(3000, [0xd8, 0x2a]),
  ...[10n, 2n ** 30n, 2n ** 32n - 1n, 2n ** 40n, 2n ** 63n].flatMap((claim) =>
    (['array', 'map', 'bytes', 'text'] as const).map((type) => claiming(type, claim))
  ),
  ...['__proto__', 'constructor', 'toString', 'then', 'length'].map((key): Node => pairsOf([key, number(1)])),
  pairsOf(['__proto__', pairsOf(['a', number(1)])]),
  // Looks like a CID to duck typing.
  pairsOf(['/', text('x')], ['bytes', text('x')], ['version', number(1)]),
  pairsOf(
    ['/', text('x')],
    ['code', number(0x71)],
    ['bytes', text('x')],
    ['version', number(1)],
    ['multihash', pairsOf(['code', number(0x12)], ['size', number(32)])]
  )
]

function pairsOf(...pairs: [string, Node][]): Node {
  return { type: 'map', pairs: pairs.map(([key, value]) => [text(key), value]) }
}

/** A place in a tree. */
interface Slot {
  node: Node
  replace(by: Node): void
}

interface TreeMutation {
  kind: 'replace' | 'lie' | 'drop' | 'repeat' | 'unsort' | 'rename' | 'transplant' | 'wrap' | 'nudge'
  at: number
  value: number
}

const treeMutation: fc.Arbitrary<TreeMutation> = fc.record({
  kind: fc.constantFrom<TreeMutation['kind'][]>(
    ...(['replace', 'lie', 'drop', 'repeat', 'unsort', 'rename', 'transplant', 'wrap'] as const),
    ...(['nudge', 'nudge', 'nudge', 'replace'] as const)
  ),
  at: fc.nat(),
  value: fc.nat(0xffff)
})

/** Messages whose trees have up to `most` changes: what gets past a parser into the checks behind it. */
export function reshaped(messages: readonly Uint8Array[], most = 3): fc.Arbitrary<Uint8Array> {
  const values = messages.map((message): unknown => decodeCbor(message))
  return fc
    .tuple(fc.nat(values.length - 1), fc.array(treeMutation, { maxLength: most }))
    .map(([which, changes]) => {
      const root = { node: treeOf(values[which]) }
      for (const change of changes) mutate(root, change, values)
      return bytesOf(root.node)
    })
}

/** Trees, lengths and bytes that nobody meant. */
export const nonsense: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(...hostile).map(bytesOf),
  fc
    .array(fc.tuple(fc.string(), fc.constantFrom(...hostile)), { maxLength: 6 })
    .map((pairs) => bytesOf(pairsOf(...pairs)))
)

/** All kinds of hostile bytes for a decoder of these messages. */
export function hostileCbor(messages: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 6, arbitrary: reshaped(messages) },
    { weight: 2, arbitrary: damaged(messages) },
    { weight: 1, arbitrary: nonsense }
  )
}

function mutate(root: { node: Node }, { kind, at, value }: TreeMutation, values: readonly unknown[]): void {
  const slots = slotsOf(root)
  const slot = slots[at % slots.length]
  const { node } = slot
  if (kind === 'replace') slot.replace(structuredClone(hostile[value % hostile.length]))
  else if (kind === 'lie') slot.replace({ ...node, ...lies[value % lies.length] })
  else if (kind === 'wrap') slot.replace({ type: 'array', items: [node] })
  else if (kind === 'transplant') slot.replace(transplant(values, value))
  else if (kind === 'nudge') slot.replace(nudged(node, value))
  // Thousands once, not of thousands.
  else rearrange(node, kind, { value, many: value % 7 === 0 && slots.length < 500 ? 2000 : 1 })
}

const lies: Lie[] = [
  ...([1, 2, 4, 8] as const).map((width) => ({ width })),
  { indefinite: true },
  ...[0n, 1n, 2n ** 31n, 2n ** 64n - 1n].map((claim) => ({ claim }))
]

function rearrange(
  node: Node,
  kind: 'drop' | 'repeat' | 'unsort' | 'rename',
  { value, many }: { value: number; many: number }
): void {
  if (node.type !== 'array' && node.type !== 'map') return
  const list: unknown[] = node.type === 'array' ? node.items : node.pairs
  const at = value % Math.max(1, list.length)
  if (kind === 'drop') list.splice(at, 1)
  else if (kind === 'unsort') list.reverse()
  else if (kind === 'repeat' && list.length > 0) {
    list.splice(at, 0, ...Array.from({ length: many }, () => structuredClone(list[at])))
  } else if (kind === 'rename' && node.type === 'map' && node.pairs.length > 0) {
    node.pairs[at] = [
      text(['x', 'height', '__proto__', '', 'x'.repeat(3000), '\u001b[2J\u202e'][value % 6]),
      node.pairs[at][1]
    ]
  }
}

/** A value of the same kind, so that the schema may well accept it. */
function nudged(node: Node, value: number): Node {
  if (node.type === 'number') {
    const boundary = BigInt(BOUNDARIES[value % BOUNDARIES.length])
    return number([node.value + 1n, node.value - 1n, -node.value, boundary, -boundary][value % 5])
  }
  if (node.type === 'bytes' || node.type === 'text') {
    const changed =
      value % 3 === 0 ? node.bytes.subarray(0, value % (node.bytes.length + 1)) : node.bytes.slice()
    if (changed.length > 0 && value % 3 !== 0) changed[value % changed.length] ^= 1 << (value % 7)
    return { ...node, bytes: changed }
  }
  if (node.type === 'tag') return link(cids[value % cids.length])
  if (node.type === 'raw')
    return [raw(0xf4), raw(0xf5), raw(0xf6), float(value / 3), float(-value * 1e300)][value % 5]
  return node
}

function transplant(values: readonly unknown[], value: number): Node {
  const slots = slotsOf({ node: treeOf(values[value % values.length]) })
  return slots[(value >> 3) % slots.length].node
}

function slotsOf(root: { node: Node }): Slot[] {
  const slots: Slot[] = [{ node: root.node, replace: (by) => void (root.node = by) }]
  for (let i = 0; i < slots.length; i++) slots.push(...inner(slots[i].node))
  return slots
}

function inner(node: Node): Slot[] {
  if (node.type === 'tag') return [{ node: node.item, replace: (by) => void (node.item = by) }]
  if (node.type === 'array') {
    return node.items.map((item, i) => ({ node: item, replace: (by) => void (node.items[i] = by) }))
  }
  if (node.type !== 'map') return []
  return node.pairs.map((pair) => ({ node: pair[1], replace: (by) => void (pair[1] = by) }))
}
