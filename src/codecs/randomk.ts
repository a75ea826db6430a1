/**
 * randomk: values at places drawn by a seed that all members know, so that only values travel (Konečný et al. 2016,
 * "random mask"; with error feedback Stich et al. 2018). All members send the same places in a round: rules that compare
 * members coordinate by coordinate would else compare zeros. One place is drawn of each run of length / count: every value
 * is sent with the same probability, and any stretch is found without drawing the others.
 */
import { countedRandom } from '../random.ts'
import { after, gather, keptOf, sparseReader } from './sparse.ts'
import type { Codec } from './codec.ts'

export interface RandomkOptions {
  /** The share of the values that is sent. */
  fraction: number
  /** How they are sent. */
  values: Codec
  /** Known to all members, another each round. */
  seed: Uint8Array
}

export function randomk({ fraction, values, seed }: RandomkOptions): Codec {
  return {
    name: 'randomk',
    errorFeedback: true,
    sizeBytes: (length) => values.sizeBytes(keptOf(length, fraction)),
    encode(delta) {
      const { count, place } = drawn(delta.length, { fraction, seed })
      return values.encode(
        gather(
          delta,
          Uint32Array.from({ length: count }, (_, rank) => place(rank))
        )
      )
    },
    decode(payload, length) {
      const { count, place } = drawn(length, { fraction, seed })
      const rank = async (index: number): Promise<number> => {
        let rank = Math.floor((index * count) / Math.max(1, length))
        while (rank > 0 && place(rank - 1) >= index) rank--
        while (rank < count && place(rank) < index) rank++
        return rank
      }
      return sparseReader({ length, rank, place, values: values.decode(after(payload, 0), count) })
    }
  }
}

interface Drawn {
  count: number
  /** Strictly increasing in the rank. */
  place(rank: number): number
}

function drawn(length: number, { fraction, seed }: Pick<RandomkOptions, 'fraction' | 'seed'>): Drawn {
  const count = keptOf(length, fraction)
  const draw = countedRandom(seed)
  const begin = (run: number): number => (run === count ? length : Math.floor((run * length) / count))
  return {
    count,
    place(rank) {
      const from = begin(rank)
      return from + Math.floor((draw(rank) / 0x100000000) * (begin(rank + 1) - from))
    }
  }
}
