/** How a data set is divided among peers, as a plan of a simulation names it. */
import { z } from 'zod'
import { partitionByShards, partitionDirichlet, partitionIid } from './partition.ts'
import { partitionByLabels, partitionByQuantity } from './skew.ts'

/** Divisions drawn until each peer has enough, before giving up. */
const MAX_DRAWS = 1000

const alpha = z.number().positive().max(1e6)
/** Each peer has so many examples or more: shares are drawn again until it has. */
const minSamples = z.int().min(0).max(1_000_000).default(10)

export const partitionSchema = z.discriminatedUnion('name', [
  /** Equal parts at random. */
  z.strictObject({ name: z.literal('iid') }),
  /** Label skew: shares of each label by Dirichlet(alpha). */
  z.strictObject({ name: z.literal('dirichlet'), alpha, minSamples }),
  /** Label skew: sorted by label, cut, so many pieces each. */
  z.strictObject({ name: z.literal('shards'), shardsPerClient: z.int().min(1).max(10_000).default(2) }),
  /** Label skew: so many labels each. */
  z.strictObject({ name: z.literal('labels'), labelsPerClient: z.int().min(1).max(10_000) }),
  /** Quantity skew: sizes by Dirichlet(alpha). */
  z.strictObject({ name: z.literal('quantity'), alpha, minSamples }),
  /** Feature skew: equal parts, noise whose deviation grows from client to client up to this. */
  z.strictObject({ name: z.literal('noise'), deviation: z.number().positive().max(1e3) })
])

export type PartitionSpec = z.output<typeof partitionSchema>

export interface PartitionInput {
  targets: ArrayLike<number>
  /** Classes of the task. */
  labels: number
  peers: number
  seed: number
}

/** No division that was drawn gives each peer what it should have. */
export class PartitionError extends Error {
  static override name = 'PartitionError'

  constructor(found: number, expected: number) {
    super(
      `No division of ${MAX_DRAWS} gave each client ${expected} examples (the last one: ${found}): lower minSamples, or the number of clients, or raise alpha`
    )
    this.name = 'PartitionError'
  }
}

/**
 * The examples of each peer.
 *
 * @throws {PartitionError} shares cannot be drawn so that each peer has enough
 */
export function partition(spec: PartitionSpec, input: PartitionInput): Uint32Array[] {
  const { targets, labels, peers, seed } = input
  switch (spec.name) {
    case 'iid':
    case 'noise':
      return partitionIid(targets.length, { peers, seed })
    case 'shards':
      return partitionByShards(targets, { peers, shardsPerPeer: spec.shardsPerClient, seed })
    case 'labels':
      return partitionByLabels(targets, { peers, labels, labelsPerPeer: spec.labelsPerClient, seed })
    case 'dirichlet':
      return drawn(spec, seed, (draw) =>
        partitionDirichlet(targets, { peers, alpha: spec.alpha, seed: draw })
      )
    case 'quantity':
      return drawn(spec, seed, (draw) =>
        partitionByQuantity(targets.length, { peers, alpha: spec.alpha, seed: draw })
      )
  }
}

/** The deviation of the noise on what a peer has: σ·(i + 1)/n for peer i of n, from 0 on. */
export function noiseOf(spec: PartitionSpec, peer: number, peers: number): number {
  return spec.name === 'noise' ? (spec.deviation * (peer + 1)) / peers : 0
}

function drawn(
  { minSamples }: { minSamples: number },
  seed: number,
  draw: (seed: number) => Uint32Array[]
): Uint32Array[] {
  let smallest = 0
  for (let i = 0; i < MAX_DRAWS; i++) {
    // The first draw is the plain partition by that seed.
    const parts = draw((seed + i * 0x9e3779b1) >>> 0)
    smallest = Math.min(...parts.map((part) => part.length))
    if (smallest >= minSamples) return parts
  }
  throw new PartitionError(smallest, minSamples)
}
