/** One round's own work: train, encode, keep, sign. */
import { checkDelta } from '../../../src/aggregation/index.ts'
import { MIN_BLOCK_BYTES } from '../../../src/blocks/index.ts'
import { finestInTime } from '../../../src/codecs/auto.ts'
import { bytesReader, codecsFor } from '../../../src/codecs/index.ts'
import { localParts, takeLocal } from '../../../src/model/local.ts'
import { updateType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { randomFrom } from '../../../src/random.ts'
import { roundSeed } from '../../../src/rounds/index.ts'
import { jobControl, ownAfter } from '../../../src/training/controls.ts'
import { remember } from '../../../src/training/momentum.ts'
import { readWhole } from '../../../src/vectors.ts'
import { stretchOf } from './updates.ts'
import type { Codec } from '../../../src/codecs/index.ts'
import type { EngineComponents, Position } from '../components.ts'
import type { RefusalReason, Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Height } from '../../../src/rounds/index.ts'
import type { Controls } from '../../../src/training/controls.ts'
import type { Remembered } from '../../../src/training/momentum.ts'
import type { TrainingResult, TrainOptions } from '../../../src/training/types.ts'

/** Payloads of all members in one proposal. */
const MAX_INLINE_TOTAL_BYTES = 256 * 1024

/** What this peer trained, the others could not use. */
export class UnfitUpdateError extends Error {
  static override name = 'UnfitUpdateError'

  constructor(reason: RefusalReason) {
    super(
      `This peer's update cannot be used (${reason}): training diverges. It is trained again; if that does not help, found a federation with a lower learning rate.`
    )
    this.name = 'UnfitUpdateError'
  }
}

export interface TrainInput {
  components: Pick<
    EngineComponents,
    'trainer' | 'blocks' | 'feedback' | 'controls' | 'locals' | 'momentum' | 'key' | 'self' | 'uplink'
  >
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
  const { components, position, height } = input
  const { tip } = position
  const shared = roundSeed(tip)
  const { result, local, controls, sent, momentum } = await trainOwn(input, options)
  // A proposal carries all updates: in a large roster there is less room for each.
  const limit = Math.min(input.inlineBytes, MAX_INLINE_TOTAL_BYTES / height.roster.length)
  const codecs = codecsFor(tip.manifest, shared)
  const codec = ownCodec(input, codecs, limit)
  // Also of an update before, by another codec.
  const losesMuch = codecs.some(({ errorFeedback }) => errorFeedback)
  const delta = losesMuch ? await components.feedback.carry(sent, height.height) : sent
  const payload = codec.encode(delta)
  if (tip.manifest.exchange.topology === 'butterfly') await checkOwn(payload, { codec, position })
  const update: Update = {
    federation: tip.federation,
    author: components.self,
    height: height.height,
    base: tip.cid,
    samples: result.samples,
    metricsBefore: result.before,
    metricsAfter: result.after,
    codec: codec.name,
    payload:
      payload.byteLength <= limit
        ? payload
        : await components.blocks.putPayload(payload, blocksOf(codec, position)),
    sizeBytes: payload.byteLength,
    trainingMs: result.trainingMs
  }
  options.signal?.throwIfAborted()
  const signed = await seal(updateType, update, components.key)
  if (losesMuch)
    await components.feedback.keep({ height: height.height, update: signed.cid, codec, delta, payload })
  const following = { height: height.height, update: signed.cid }
  if (local != null) await components.locals.keep({ ...following, vector: local })
  if (momentum != null) await components.momentum.keep({ ...following, vector: momentum })
  if (controls != null) await keepControl(input, { controls, signed, codec, payload })
  return { signed, result }
}

function ownCodec(
  { components, position, height }: TrainInput,
  codecs: readonly [Codec, ...Codec[]],
  inlineBytes: number
): Codec {
  const { codec } = position.tip.manifest.exchange
  if (codec.name !== 'auto') return codecs[0]
  const receivers = Math.max(1, height.committee ?? height.roster.length - 1)
  const { length } = position.weights
  return finestInTime(codecs, {
    ...{ length, receivers, inlineBytes, seconds: codec.seconds },
    bytesPerSecond: components.uplink()
  })
}

interface Own extends Remembered {
  result: TrainingResult
  local: Float32Array | null
  controls: Controls | null
}

/** Train the model as this peer uses it. What stays with it is taken out of the delta, before that is remembered. */
async function trainOwn({ components, position, round }: TrainInput, options: TrainOptions): Promise<Own> {
  const { manifest } = position.tip
  const seed = localSeed(roundSeed(position.tip), components.self)
  const controls = await components.controls.at(position)
  const control = controls && jobControl(manifest.training.client, controls)
  const weights = await components.locals.model(position)
  const result = await components.trainer.train({ weights, round, seed, control }, options)
  const parts = localParts(manifest)
  const local = parts.length === 0 ? null : takeLocal(result.delta, { trained: weights, parts })
  const before = await components.momentum.at(position)
  return { result, local, controls, ...remember(manifest, before, { delta: result.delta, round }) }
}

/** It goes by what was sent. */
async function keepControl(
  { components, position, round }: TrainInput,
  {
    controls,
    signed,
    codec,
    payload
  }: { controls: Controls; signed: Signed<Update>; codec: Codec; payload: Uint8Array }
): Promise<void> {
  const { training, aggregation } = position.tip.manifest
  const { length } = position.weights
  const read = codec.decode(bytesReader(payload), length)
  const delta = await readWhole(read, { length, stretch: stretchOf(position) })
  const { height, samples: claimed } = signed.value
  const samples = Math.min(claimed, aggregation.maxSamples)
  const vector = ownAfter(controls, { training, round, samples, delta })
  await components.controls.keep({ height, update: signed.cid, vector })
}

/** In a butterfly blocks end where parts of the vector do, so that nobody fetches more than its part. */
function blocksOf(codec: Codec, position: Position): { blockSizeBytes?: number } {
  const { topology } = position.tip.manifest.exchange
  const blockSizeBytes = codec.sizeBytes(stretchOf(position))
  return topology === 'butterfly' && blockSizeBytes >= MIN_BLOCK_BYTES ? { blockSizeBytes } : {}
}

/** Where nobody else looks at all of it. @throws {UnfitUpdateError} */
async function checkOwn(
  payload: Uint8Array,
  { codec, position }: { codec: Codec; position: Position }
): Promise<void> {
  const { length } = position.weights
  const { maxNorm } = position.tip.manifest.aggregation
  const part = { from: 0, to: length }
  const read = codec.decode(bytesReader(payload), length)
  const unfit = await checkDelta(read, { part, maxNorm, stretch: stretchOf(position) })
  if (unfit != null) throw new UnfitUpdateError(unfit)
}

/** Differs between members and rounds, and is the same again after a restart. */
function localSeed(shared: Uint8Array, self: string): number {
  return randomFrom(shared, ...new TextEncoder().encode(self))()
}
