/**
 * What the codecs of a few bits a value share: blocks of values, each with a scale of its own, one after the other:
 * the scale as a little-endian float32, then the codes, the first value in the lowest bits. The last block may be
 * shorter; bits that it does not use are 0.
 */
import { floatBuffer } from './buffer.ts'
import { MalformedPayloadError } from './errors.ts'
import { checkRange, readExactly } from './read.ts'
import type { Conversion } from '../compute/vectors/conversion.ts'
import type { ByteSpan, Codec } from './codec.ts'
import type { VectorPart } from '../vectors.ts'

const SCALE_BYTES = 4
/** Less than one by an ulp of a float32. */
const STEP_DOWN = 1 - 2 ** -23

export interface BlockFormat {
  name: string
  errorFeedback: boolean
  /** Values that share a scale; fills whole bytes. */
  blockValues: number
  /** Of a code. */
  bits: number
  /** The largest magnitude of a code: a scale times it is still a float32. */
  largestCode: number
  /** NaN when a value is. */
  scaleOf(values: Float32Array): number
  /** Write codes to zeroed bytes. */
  pack(values: Float32Array, scale: number, codes: Uint8Array): void
  /** Read as many values as `out` has. @returns false: a code that `pack` never writes */
  unpack(codes: Uint8Array, scale: number, out: Float32Array): boolean
  /** The same in WebAssembly, where there is such a kernel and an engine for it. */
  kernel?(): Conversion | null
}

export function blockCodec(format: BlockFormat): Codec {
  const { name, errorFeedback } = format
  return {
    name,
    errorFeedback,
    sizeBytes: (length) => sizeOf(format, length),
    span: (part, length) => spanOf(format, blocksOf(format, part, length)),
    encode: (delta) => encoded(format, delta),
    decode(payload, length) {
      const buffer = floatBuffer()
      return async (start, count) => {
        checkRange(start, count, length)
        const blocks = blocksOf(format, { from: start, to: start + count }, length)
        const out = buffer(blocks.to - blocks.from).subarray(0, blocks.to - blocks.from)
        const bytes = spanOf(format, blocks)
        decodeInto(format, await readExactly(payload, bytes.offset, bytes.length), out)
        return out.subarray(start - blocks.from, start - blocks.from + count)
      }
    }
  }
}

/** The largest magnitude; NaN when a value is. */
export function absMax(values: Float32Array): number {
  let most = 0
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i])
    sum += magnitude
    if (magnitude > most) most = magnitude
  }
  return Number.isNaN(sum) ? Number.NaN : most
}

/** The whole number nearest to a value in units of the scale, at most `largest` in magnitude. */
export function codeOf(units: number, largest: number): number {
  // Above zero cutting off rounds down, and the processor has one instruction for it: no branch depends on the sign.
  const above = (units + (largest + 1.5)) | 0
  const most = 2 * largest + 1
  return (above > most ? most : above < 1 ? 1 : above) - (largest + 1)
}

/** The values of all blocks that have some of these. */
function blocksOf({ blockValues }: BlockFormat, { from, to }: VectorPart, length: number): VectorPart {
  const first = from - (from % blockValues)
  const end = to === from ? first : Math.ceil(to / blockValues) * blockValues
  return { from: first, to: Math.min(end, length) }
}

/** The bytes of whole blocks. */
function spanOf(format: BlockFormat, { from, to }: VectorPart): ByteSpan {
  const offset = sizeOf(format, from)
  return { offset, length: sizeOf(format, to) - offset }
}

function sizeOf({ blockValues, bits }: BlockFormat, length: number): number {
  const rest = length % blockValues
  const whole = ((length - rest) / blockValues) * (SCALE_BYTES + (blockValues * bits) / 8)
  return rest === 0 ? whole : whole + SCALE_BYTES + Math.ceil((rest * bits) / 8)
}

function encoded(format: BlockFormat, delta: Float32Array): Uint8Array {
  const bytes = new Uint8Array(sizeOf(format, delta.length))
  const kernel = format.kernel?.()
  if (kernel != null) kernel.encode(delta, bytes)
  else plainEncode(format, delta, bytes)
  return bytes
}

/** What the kernel refuses, the plain loops refuse with the reason. */
function decodeInto(format: BlockFormat, bytes: Uint8Array, out: Float32Array): void {
  if (format.kernel?.()?.decode(bytes, out) !== true) plainDecode(format, bytes, out)
}

/** The reference: block by block. `bytes` are zero. */
export function plainEncode(format: BlockFormat, delta: Float32Array, bytes: Uint8Array): void {
  const { blockValues, bits } = format
  const view = new DataView(bytes.buffer)
  let at = 0
  for (let start = 0; start < delta.length; start += blockValues) {
    const values = delta.subarray(start, start + blockValues)
    const scale = withinRange(format, Math.fround(format.scaleOf(values)))
    view.setFloat32(at, scale, true)
    const end = at + SCALE_BYTES + Math.ceil((values.length * bits) / 8)
    format.pack(values, scale, bytes.subarray(at + SCALE_BYTES, end))
    at = end
  }
}

/** The reference. @throws {MalformedPayloadError} */
export function plainDecode(format: BlockFormat, bytes: Uint8Array, out: Float32Array): void {
  const { name, blockValues, bits } = format
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  for (let start = 0; start < out.length; start += blockValues) {
    const values = out.subarray(start, start + blockValues)
    const scale = checkScale(format, view.getFloat32(at, true))
    const end = at + SCALE_BYTES + Math.ceil((values.length * bits) / 8)
    const codes = bytes.subarray(at + SCALE_BYTES, end)
    const used = (values.length * bits) % 8
    if (used !== 0 && codes[codes.length - 1] >>> used !== 0)
      throw new MalformedPayloadError(name, 'bits after the last value', 'zeros there')
    if (!format.unpack(codes, scale, values))
      throw new MalformedPayloadError(name, 'a code that is not used', `${bits} bits of another value`)
    at = end
  }
}

/** Of the largest floats the scale may have been rounded up to where they would be infinite. NaN and infinity stay. */
function withinRange(format: BlockFormat, scale: number): number {
  return keepsFinite(format, scale) || !Number.isFinite(scale) ? scale : Math.fround(scale * STEP_DOWN)
}

function keepsFinite({ largestCode }: BlockFormat, scale: number): boolean {
  return Number.isFinite(Math.fround(scale * largestCode))
}

function checkScale(format: BlockFormat, scale: number): number {
  if (scale >= 0 && keepsFinite(format, scale)) return scale
  throw new MalformedPayloadError(
    format.name,
    `a scale of ${scale}`,
    'a finite one that keeps its values finite'
  )
}
