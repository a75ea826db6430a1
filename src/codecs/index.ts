/** The codecs that a manifest can name. */
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

/** The codec of a federation in a round. @param seed - as in `codecOf` */
export function codecFor(manifest: Pick<Manifest, 'exchange'> & ModelManifest, seed: Uint8Array): Codec {
  const { codec } = manifest.exchange
  return codecOf(codec, seed, codec.name === 'powersgd' ? matricesOf(manifest) : [])
}

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
