/** Which codec suits a link. */
import { codecOf } from './index.ts'
import { EXCHANGE_SECONDS } from '../federation/manifest/exchange.ts'
import { autoSpecs } from './auto.ts'
import type { CodecSpec, Manifest } from '../federation/manifest/schema.ts'

/** Sums of parts travel too: only what loses little. */
const butterfly = autoSpecs.slice(0, 3)

export interface LinkInput {
  /** Values of a delta. */
  parameters: number
  /** Members that train in a round. */
  cohort: number
  topology: Manifest['exchange']['topology']
  /** What the slowest member's link brings or takes, whichever is less. */
  bytesPerSecond: number
}

/**
 * For a founding that decides for all members, by what the slowest of them has: the finest codec whose payloads a member can
 * get, and give, in `EXCHANGE_SECONDS`; the coarsest where none can.
 */
export function chooseCodec({ parameters, cohort, topology, bytesPerSecond }: LinkInput): CodecSpec {
  const codecs = topology === 'full' ? autoSpecs : butterfly
  // In a butterfly about one payload in parts, and one of reduced parts, however many members there are.
  const payloads = topology === 'full' ? Math.max(1, cohort - 1) : 2
  const fits = (spec: CodecSpec): boolean =>
    payloads * codecOf(spec, new Uint8Array()).sizeBytes(parameters) <= bytesPerSecond * EXCHANGE_SECONDS
  return codecs.find(fits) ?? codecs[codecs.length - 1]
}
