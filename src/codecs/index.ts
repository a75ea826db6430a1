/** The codecs that a manifest can name. */
import { fp32 } from './fp32.ts'
import type { Manifest } from '../federation/manifest/schema.ts'
import type { Codec } from './codec.ts'

export { PayloadLengthError, VectorRangeError } from './errors.ts'
export { bytesReader } from './read.ts'
export type { ByteReader, Codec, VectorReader } from './codec.ts'

export const codecs: Record<Manifest['exchange']['codec'], Codec> = { fp32 }
