/** Accepted updates → the next model, as peers come to it. */
import { aggregate, combinedDelta, moveBy } from '../../../src/aggregation/index.ts'
import { codecFor, recode } from '../../../src/codecs/index.ts'
import { isDivided, shardsOf } from '../../../src/rounds/index.ts'
import type { Aggregate, AggregationInput } from '../../../src/aggregation/index.ts'
import type { RoundInput } from './updates.ts'

/** In a butterfly what the updates make together goes through the codec as well, part by part. */
export async function combine(
  { manifest, cohort, roundSeed }: Pick<RoundInput, 'manifest' | 'cohort' | 'roundSeed'>,
  input: AggregationInput,
  signal: AbortSignal
): Promise<Aggregate> {
  const { blockSizeBytes } = manifest.exchange
  const stretch = Math.floor(blockSizeBytes / Float32Array.BYTES_PER_ELEMENT)
  const present = cohort.map(String)
  const parts = shardsOf({ manifest }, { present, mode: 'train' }, { length: input.model.length, stretch })
  if (!isDivided(parts)) return await aggregate(input, signal)
  const combined = await combinedDelta(input, signal)
  const codec = codecFor(manifest, roundSeed)
  for (const { from, to } of parts) await recode(codec, combined.subarray(from, to))
  return moveBy(combined, input)
}
