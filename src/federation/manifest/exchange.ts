/** The part of the manifest that says how updates travel. */
import { z } from 'zod'

/** Fewer values at a time than one in ten thousand take thousands of rounds to be sent once. */
const MIN_FRACTION = 1e-4
/** Beyond a quarter of the values, indices and all, int4 is smaller. */
const MAX_FRACTION = 0.25

/** Compress payloads without loss: they are shorter, and take longer to make and to read. */
const entropy = z.literal('deflate').optional()

/** What an exchange should take at most, seconds: most rounds train longer. */
export const EXCHANGE_SECONDS = 10

/** Beyond this most layers are smaller as they are. */
const MAX_RANK = 64

const valueCodec = z.enum(['fp32', 'fp16', 'bf16', 'int8']).default('int8')

/** Of those that are sent of a vector's values, and how. */
const sparse = {
  /** The share of the values that is sent in a round; the rest is added to the next update. */
  fraction: z.number().min(MIN_FRACTION).max(MAX_FRACTION).default(0.01),
  values: valueCodec,
  entropy
}

const codecByName = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('fp32'), entropy }),
  z.strictObject({ name: z.literal('fp16'), entropy }),
  z.strictObject({ name: z.literal('bf16'), entropy }),
  /** One byte a value, a scale for each 256. */
  z.strictObject({ name: z.literal('int8'), entropy }),
  /** Half a byte a value, a scale for each 64; error feedback. */
  z.strictObject({ name: z.literal('int4'), entropy }),
  /** One bit a value, a scale for each 1024; error feedback. Signs of trained deltas do not compress. */
  z.strictObject({ name: z.literal('sign') }),
  /** The largest values; error feedback. */
  z.strictObject({ name: z.literal('topk'), ...sparse }),
  /** Values at places that all members draw alike; error feedback. */
  z.strictObject({ name: z.literal('randomk'), ...sparse }),
  /** Matrices as products of thin ones; error feedback. */
  z.strictObject({
    name: z.literal('powersgd'),
    rank: z.int().min(1).max(MAX_RANK).default(4),
    values: valueCodec,
    entropy
  })
])

/** Each member encodes its own updates as finely as its link carries in time: by what it measures. */
const autoCodec = z.strictObject({
  name: z.literal('auto'),
  /** In which an update is to reach all others. */
  seconds: z.number().min(1).max(3600).default(EXCHANGE_SECONDS)
})

/** Every codec that a manifest can name. */
export const codecNames = [
  ...(['fp32', 'fp16', 'bf16', 'int8', 'int4', 'sign', 'topk', 'randomk', 'powersgd'] as const)
]

/** Those with an entropy stage, as they are called. */
export const entropyCodecNames = [
  ...(['fp32+deflate', 'fp16+deflate', 'bf16+deflate', 'int8+deflate', 'int4+deflate'] as const),
  ...(['topk+deflate', 'randomk+deflate', 'powersgd+deflate'] as const)
]

/** A bare name stands for the codec with its defaults; it is also how the first manifests were signed. */
export const codecSchema = z.union([
  z.enum([...codecNames, ...entropyCodecNames]).transform((text) => {
    const [name, entropy] = text.split('+')
    return codecByName.parse({ name, ...(entropy != null && { entropy }) })
  }),
  codecByName
])

export const exchangeSchema = z.strictObject({
  codec: z
    .union([z.literal('auto').transform((name) => autoCodec.parse({ name })), autoCodec, codecSchema])
    .default({ name: 'fp32' }),
  /**
   * `full`: everybody fetches every update and aggregates all of it. `butterfly`: each aggregates a part for all; it trusts
   * the others with theirs.
   */
  topology: z.enum(['full', 'butterfly']).default('full'),
  blockSizeBytes: z
    .int()
    .min(16 * 1024)
    .max(1024 * 1024)
    .default(1024 * 1024)
})
