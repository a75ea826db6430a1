/**
 * Which codec suits a link. A choice of the founding alone: the manifest names what was chosen, so that all members have the
 * same, whatever their own links are, and anybody can look at it.
 */
import { codecOf } from './index.ts'
import type { CodecSpec, Manifest } from '../federation/manifest/schema.ts'

/** What an exchange should take at most, seconds: most rounds train longer. */
export const EXCHANGE_SECONDS = 10

/** The finest first. */
const full: readonly CodecSpec[] = [
  { name: 'fp32' },
  { name: 'fp16' },
  { name: 'int8' },
  { name: 'int4' },
  { name: 'topk', fraction: 0.01, values: 'int8' }
]

/** Sums of parts travel too: only what loses little. */
const butterfly = full.slice(0, 3)

export interface LinkInput {
  /** Values of a delta. */
  parameters: number
  /** Members that train in a round. */
  cohort: number
  topology: Manifest['exchange']['topology']
  /** What the slowest member's link brings or takes, whichever is less. */
  bytesPerSecond: number
}

/** The finest codec whose payloads a member can get, and give, in `EXCHANGE_SECONDS`; the coarsest where none can. */
export function chooseCodec({ parameters, cohort, topology, bytesPerSecond }: LinkInput): CodecSpec {
  const codecs = topology === 'full' ? full : butterfly
  // In a butterfly about one payload in parts, and one of reduced parts, however many members there are.
  const payloads = topology === 'full' ? Math.max(1, cohort - 1) : 2
  const fits = (spec: CodecSpec): boolean =>
    payloads * codecOf(spec, new Uint8Array()).sizeBytes(parameters) <= bytesPerSecond * EXCHANGE_SECONDS
  return codecs.find(fits) ?? codecs[codecs.length - 1]
}
