/** The codecs that a manifest can name. */
import { bf16 } from './bf16.ts'
import { deflated } from './deflate.ts'
import { fp16 } from './fp16.ts'
import { fp32 } from './fp32.ts'
import { int4 } from './int4.ts'
import { int8 } from './int8.ts'
import { randomk } from './randomk.ts'
import { sign } from './sign.ts'
import { topk } from './topk.ts'
import type { CodecSpec } from '../federation/manifest/schema.ts'
import type { Codec } from './codec.ts'

export { MalformedPayloadError, PayloadLengthError, VectorRangeError } from './errors.ts'
export { isFinite, leaveOut } from './left-out.ts'
export { bytesReader } from './read.ts'
export { recode } from './recode.ts'
export type { ByteReader, ByteSpan, Codec, VaryingSize, VectorReader } from './codec.ts'

/** Those that need nothing but the vector; the names of the rest have settings. */
const plain = { fp32, fp16, bf16, int8, int4, sign }

/**
 * The codec that a manifest names.
 *
 * @param seed - of the round: what all members that train from one commit know alike, e.g. its hash
 */
export function codecOf(spec: CodecSpec, seed: Uint8Array): Codec {
  const codec = exactCodecOf(spec, seed)
  return 'entropy' in spec && spec.entropy === 'deflate' ? deflated(codec) : codec
}

/** The same before an entropy stage. */
function exactCodecOf(spec: CodecSpec, seed: Uint8Array): Codec {
  switch (spec.name) {
    case 'topk':
      return topk({ fraction: spec.fraction, values: plain[spec.values] })
    case 'randomk':
      return randomk({ fraction: spec.fraction, values: plain[spec.values], seed })
    default:
      return plain[spec.name]
  }
}
