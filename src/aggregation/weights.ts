/** What one update is worth, and whether its numbers may be used at all. */
import { countsSamples } from './method.ts'
import { SumOfSquares } from './squares.ts'
import type { VectorReader } from '../codecs/index.ts'
import type { Manifest } from '../federation/manifest/schema.ts'
import type { VectorPart } from '../vectors.ts'

/** The shares of updates in the aggregate, as they enter it: by samples, or all alike where a rule must withstand liars. */
export function updateShares(
  samples: readonly number[],
  manifest: Pick<Manifest, 'aggregation' | 'training'>
): number[] {
  if (countsSamples(manifest)) return contributionWeights(samples, manifest.aggregation.maxSamples)
  return samples.map(() => 1 / samples.length)
}

/** Shares proportional to sample counts, each claim capped (FedAvg's n_k / n). They sum to 1 up to rounding. */
export function contributionWeights(samples: readonly number[], maxSamples: number): number[] {
  const capped = samples.map((claim) => Math.min(claim, maxSamples))
  const total = capped.reduce((sum, count) => sum + count, 0)
  return capped.map((count) => count / total)
}

export interface DeltaCheck {
  part: VectorPart
  maxNorm: number
  /** Coordinates read at a time. */
  stretch: number
}

/**
 * Reads a delta, or a part of it, once: is every value finite and the L2 norm within bounds? Sums in float64 in one
 * order, so all peers judge alike.
 *
 * @returns why it must be refused, or null
 */
export async function checkDelta(
  read: VectorReader,
  check: DeltaCheck
): Promise<'not-finite' | 'norm' | null> {
  const squares = new SumOfSquares()
  const { from, to } = check.part
  for (let start = from; start < to; start += check.stretch) {
    squares.add(await read(start, Math.min(check.stretch, to - start)))
    if (!Number.isFinite(squares.total)) return 'not-finite'
  }
  return Math.sqrt(squares.total) > check.maxNorm ? 'norm' : null
}
