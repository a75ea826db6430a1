/** `codec: auto`: each member encodes its own updates as finely as its link carries in time. */
import type { Codec } from './codec.ts'
import type { CodecSpec } from '../federation/manifest/schema.ts'

/** What `auto` chooses from, the finest first. */
export const autoSpecs: readonly CodecSpec[] = [
  { name: 'fp32' },
  { name: 'fp16' },
  { name: 'int8' },
  { name: 'int4' },
  { name: 'topk', fraction: 0.01, values: 'int8' }
]

/** Where nothing was measured yet: a quarter of the bytes, and hardly anything lost. */
const UNMEASURED = 'int8'

/** What a member knows of its link when it encodes an update. */
export interface OwnLink {
  /** Values of the delta. */
  length: number
  /** Members that fetch it. */
  receivers: number
  /** What the link takes; null: not measured yet. */
  bytesPerSecond: number | null
  /** In which it should be with all of them. */
  seconds: number
  /** Payloads up to this size travel with their announcement. */
  inlineBytes: number
}

/** The finest that is with all receivers in time, of `codecs` from the finest to the coarsest; the coarsest where none is. */
export function finestInTime(codecs: readonly Codec[], link: OwnLink): Codec {
  const { length, receivers, bytesPerSecond, seconds, inlineBytes } = link
  const isInTime = (codec: Codec): boolean => {
    const sizeBytes = codec.sizeBytes(length)
    if (sizeBytes <= inlineBytes) return true
    if (bytesPerSecond == null) return codec.name === UNMEASURED
    return receivers * sizeBytes <= bytesPerSecond * seconds
  }
  return codecs.find(isInTime) ?? codecs[codecs.length - 1]
}
