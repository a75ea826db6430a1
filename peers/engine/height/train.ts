/** One round's own work: train, encode, keep, sign. */
import { codecOf } from '../../../src/codecs/index.ts'
import { updateType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { randomFrom } from '../../../src/random.ts'
import { roundSeed } from '../../../src/rounds/index.ts'
import type { EngineComponents, Position } from '../components.ts'
import type { Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Height } from '../../../src/rounds/index.ts'
import type { TrainingResult, TrainOptions } from '../../../src/training/types.ts'

/** Payloads of all members in one proposal. */
const MAX_INLINE_TOTAL_BYTES = 256 * 1024

export interface TrainInput {
  components: Pick<EngineComponents, 'trainer' | 'blocks' | 'feedback' | 'key' | 'self'>
  position: Position
  height: Height
  round: number
  /** The largest payload that travels inside its update. */
  inlineBytes: number
}

/**
 * Train from the global model and make the result announceable: its payload is stored before it is signed, and what that
 * leaves out before anybody hears of it.
 */
export async function trainUpdate(
  input: TrainInput,
  options: TrainOptions
): Promise<{ signed: Signed<Update>; result: TrainingResult }> {
  const { components, position, height, round } = input
  const { tip, weights } = position
  const shared = roundSeed(tip)
  const seed = localSeed(shared, components.self)
  const result = await components.trainer.train({ weights, round, seed }, options)
  const codec = codecOf(tip.manifest.exchange.codec, shared)
  const delta = codec.errorFeedback
    ? await components.feedback.carry(result.delta, height.height)
    : result.delta
  const payload = codec.encode(delta)
  // A proposal carries all updates: in a large roster there is less room for each.
  const limit = Math.min(input.inlineBytes, MAX_INLINE_TOTAL_BYTES / height.roster.length)
  const update: Update = {
    federation: tip.federation,
    author: components.self,
    height: height.height,
    base: tip.cid,
    samples: result.samples,
    metricsBefore: result.before,
    metricsAfter: result.after,
    codec: codec.name,
    payload: payload.byteLength <= limit ? payload : await components.blocks.putPayload(payload),
    sizeBytes: payload.byteLength,
    trainingMs: result.trainingMs
  }
  options.signal?.throwIfAborted()
  const signed = await seal(updateType, update, components.key)
  if (codec.errorFeedback)
    await components.feedback.keep({ height: height.height, update: signed.cid, codec, delta, payload })
  return { signed, result }
}

/** Differs between members and rounds, and is the same again after a restart. */
function localSeed(shared: Uint8Array, self: string): number {
  return randomFrom(shared, ...new TextEncoder().encode(self))()
}
