/**
 * Dividing data among peers: evenly, or skewed in the ways the literature studies. All of it is seeded and the same
 * everywhere, except Dirichlet shares, which use the host's logarithm.
 */
import { seededRandom, shuffle } from '../random.ts'
import { dirichlet } from './dirichlet.ts'
import { shuffled } from './subset.ts'

/** Streams of draws that must differ although the seed is the same. */
const PART_STREAM = 0x70617274
const SHARD_STREAM = 0x73686172
const DIRICHLET_STREAM = 0x64697269

/** Part `index` (from 0) of `count`. */
export interface Part {
  index: number
  count: number
}

/**
 * One of `count` equal IID parts of some indices; sizes differ by at most one.
 *
 * @throws {RangeError} when index is not in 0 … count − 1
 */
export function partOf(indices: Uint32Array, part: Part, seed: number): Uint32Array {
  const { index, count } = part
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`Part ${index} of ${count}: expected an index from 0 to count − 1`)
  }
  const order = shuffled(indices.length, seed, PART_STREAM)
  const start = Math.floor((indices.length * index) / count)
  const end = Math.floor((indices.length * (index + 1)) / count)
  return Uint32Array.from(order.subarray(start, end), (i) => indices[i]).sort()
}

/** All `count` IID parts of `size` examples. */
export function partitionIid(size: number, options: { peers: number; seed: number }): Uint32Array[] {
  const all = Uint32Array.from({ length: size }, (_, i) => i)
  return Array.from({ length: options.peers }, (_, index) =>
    partOf(all, { index, count: options.peers }, options.seed)
  )
}

/**
 * Label skew by shards: sort by target, cut into peers × shardsPerPeer shards, deal them at random.
 *
 * @see McMahan et al. 2017, "Communication-efficient learning of deep networks from decentralized data", section 3
 */
export function partitionByShards(
  targets: ArrayLike<number>,
  options: { peers: number; shardsPerPeer: number; seed: number }
): Uint32Array[] {
  const { peers, shardsPerPeer, seed } = options
  const byTarget = shuffled(targets.length, seed).sort((a, b) => targets[a] - targets[b])
  const shards = peers * shardsPerPeer
  const cut = (i: number): number => Math.floor((targets.length * i) / shards)
  const deal = shuffled(shards, seed, SHARD_STREAM)
  return Array.from({ length: peers }, (_, peer) =>
    concat(
      Array.from(deal.subarray(peer * shardsPerPeer, (peer + 1) * shardsPerPeer), (shard) =>
        byTarget.subarray(cut(shard), cut(shard + 1))
      )
    )
  )
}

/**
 * Label skew by Dirichlet(α) shares: each class is divided among the peers in proportions drawn anew. Small α: each
 * class lives on few peers; large α: IID.
 *
 * @see Hsu, Qi, Brown 2019, "Measuring the effects of non-identical data distribution", arXiv:1909.06335
 */
export function partitionDirichlet(
  targets: ArrayLike<number>,
  options: { peers: number; alpha: number; seed: number }
): Uint32Array[] {
  const random = seededRandom(options.seed, DIRICHLET_STREAM)
  const parts: Uint32Array[][] = Array.from({ length: options.peers }, () => [])
  for (const members of groupBy(targets).values()) {
    const order = shuffle(Uint32Array.from(members), random)
    const shares = dirichlet(options.alpha, options.peers, random)
    let cumulative = 0
    let start = 0
    shares.forEach((share, peer) => {
      cumulative += share
      const end = peer === options.peers - 1 ? order.length : Math.round(cumulative * order.length)
      parts[peer].push(order.subarray(start, end))
      start = end
    })
  }
  return parts.map(concat)
}

/** Natural splits: the examples of each key (a writer, a hospital, a device), in order of first appearance. */
export function partitionByKey(keys: readonly string[]): Map<string, Uint32Array> {
  return new Map([...groupBy(keys)].map(([key, members]) => [key, Uint32Array.from(members)]))
}

function groupBy<T>(keys: ArrayLike<T>): Map<T, number[]> {
  const groups = new Map<T, number[]>()
  for (let i = 0; i < keys.length; i++) {
    const group = groups.get(keys[i])
    if (group == null) groups.set(keys[i], [i])
    else group.push(i)
  }
  return groups
}

function concat(parts: Uint32Array[]): Uint32Array {
  const out = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
