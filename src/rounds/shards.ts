/**
 * Who reduces which part of the vector. In the full exchange everybody reduces all of it. In a butterfly (reduce-scatter,
 * then all-gather: Rabenseifner 2004; hivemind and Moshpit SGD, arXiv 2103.03239, average so) each member reduces one
 * part of everybody's update and gives the others the result, so that it receives about twice the model whatever the
 * number of members.
 */
import type { Height } from './types.ts'
import type { Manifest } from '../federation/manifest/schema.ts'
import type { VectorPart } from '../vectors.ts'

/** A part of the vector with who reduces it; null: each for itself. */
export interface Shard extends VectorPart {
  owner: string | null
}

/**
 * The parts, in order: all members divide alike. Those that took part lately have one each, of whole blocks; a model of
 * fewer blocks than that is not worth dividing.
 *
 * @param length - values of the model
 * @param stretch - values of one of its blocks
 */
export function shardsOf(
  { manifest }: { manifest: Pick<Manifest, 'exchange'> },
  { present, mode }: Pick<Height, 'present' | 'mode'>,
  { length, stretch }: { length: number; stretch: number }
): Shard[] {
  const blocks = Math.ceil(length / stretch)
  const isDivided = manifest.exchange.topology === 'butterfly' && mode === 'train'
  if (!isDivided || present.length < 2 || blocks < present.length)
    return [{ from: 0, to: length, owner: null }]
  const cut = (i: number): number => Math.min(length, Math.floor((i * blocks) / present.length) * stretch)
  return present.map((owner, i) => ({ from: cut(i), to: cut(i + 1), owner }))
}

/** Does anybody reduce a part for others? */
export function isDivided(shards: readonly Shard[]): boolean {
  return shards.some(({ owner }) => owner != null)
}
