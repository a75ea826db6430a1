/**
 * Bucketing (Karimireddy et al. 2022, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", Algorithm 1): the
 * deltas in random order, in place of each s of them their mean; the last bucket may have fewer. The order follows from the
 * commit that is trained from: nobody knows it before. Fewer deltas, of which as many may be bad. Cost n·d.
 */
import { randomFrom, shuffle } from '../../random.ts'
import { indices, meanShares } from '../shares.ts'
import type { Preparation } from '../rule.ts'

/** @param size - s: deltas in a bucket */
export function bucketing(size: number): Preparation {
  return {
    name: 'bucketing',
    minDeltas: 1,
    needsDistances: false,
    countAfter: (count) => Math.ceil(count / size),
    mix({ count }, seed) {
      const order = shuffle(indices(count), randomFrom(seed))
      return indices(Math.ceil(count / size)).map((bucket) =>
        meanShares(count, order.slice(bucket * size, (bucket + 1) * size))
      )
    }
  }
}
