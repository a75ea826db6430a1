/** The codecs that a manifest can name. */
import { autoSpecs } from './auto.ts'
import { bf16 } from './bf16.ts'
import { deflated } from './deflate.ts'
import { fp16 } from './fp16.ts'
import { fp32 } from './fp32.ts'
import { int4 } from './int4.ts'
import { int8 } from './int8.ts'
import { powersgd } from './powersgd.ts'
import { randomk } from './randomk.ts'
import { sign } from './sign.ts'
import { topk } from './topk.ts'
import { matricesOf } from '../model/matrices.ts'
import type { CodecSpec, Manifest } from '../federation/manifest/schema.ts'
import type { Matrix } from '../model/matrices.ts'
import type { ModelManifest } from '../model/task.ts'
import type { Codec } from './codec.ts'

export { MalformedPayloadError, PayloadLengthError, VectorRangeError } from './errors.ts'
export { isFinite, leaveOut } from './left-out.ts'
export { bytesReader } from './read.ts'
export { recode } from './recode.ts'
export type { ByteReader, ByteSpan, Codec, VaryingSize, VectorReader } from './codec.ts'

/** Those that need nothing but the vector; the names of the rest have settings. */
const plain = { fp32, fp16, bf16, int8, int4, sign }

/**
 * What updates of a federation may be encoded by in a round: one codec, or for `auto` several, the finest first, each with a
 * name of its own.
 *
 * @param seed - as in `codecOf`
 */
export function codecsFor(
  manifest: Pick<Manifest, 'exchange'> & ModelManifest,
  seed: Uint8Array
): readonly [Codec, ...Codec[]] {
  const { codec } = manifest.exchange
  if (codec.name === 'powersgd') return [codecOf(codec, seed, matricesOf(manifest))]
  const [finest, ...others] = specsOf(codec).map((spec) => codecOf(spec, seed))
  return [finest, ...others]
}

/** The codec of a federation in a round; of several the finest. */
export function codecFor(manifest: Pick<Manifest, 'exchange'> & ModelManifest, seed: Uint8Array): Codec {
  return codecsFor(manifest, seed)[0]
}

/** What a manifest's codec may be in a round. */
export const specsOf = (codec: Manifest['exchange']['codec']): readonly CodecSpec[] =>
  codec.name === 'auto' ? autoSpecs : [codec]

/**
 * A codec that a manifest can name, by itself.
 *
 * @param seed - of the round: what all members that train from one commit know alike, e.g. its hash
 * @param matrices - where vectors have any; without them nothing is taken as one
 */
export function codecOf(spec: CodecSpec, seed: Uint8Array, matrices: readonly Matrix[] = []): Codec {
  const codec = exactCodecOf(spec, { seed, matrices })
  return 'entropy' in spec && spec.entropy === 'deflate' ? deflated(codec) : codec
}

/** The same before an entropy stage. */
function exactCodecOf(
  spec: CodecSpec,
  { seed, matrices }: { seed: Uint8Array; matrices: readonly Matrix[] }
): Codec {
  switch (spec.name) {
    case 'topk':
      return topk({ fraction: spec.fraction, values: plain[spec.values] })
    case 'randomk':
      return randomk({ fraction: spec.fraction, values: plain[spec.values], seed })
    case 'powersgd':
      return powersgd({ rank: spec.rank, values: plain[spec.values], matrices, seed })
    default:
      return plain[spec.name]
  }
}
