/** Between float32 and the bytes of codecs in WebAssembly: the same bytes and values as the plain loops of src/codecs. */
import { reserve, roundedUp, vectorModule } from './module.ts'
import type { VectorModule } from './module.ts'

/** One format's kernels. */
export interface Conversion {
  /** Write the bytes of all values, as many as they take. */
  encode(values: Float32Array, out: Uint8Array): void
  /** Read as many values as `out` has. @returns false, and writes what it likes: bytes that no encoder writes */
  decode(bytes: Uint8Array, out: Float32Array): boolean
}

/** The formats that there are kernels for. */
export type ConversionName = 'int8' | 'fp16' | 'bf16'

/** What `values` values take, where a multiple of the stretch or the last of all. */
interface Format {
  bytesOf(values: number): number
  encode(values: number, count: number, out: number): void
  decode(from: number, count: number, values: number): number | void
}

/** Values worked on at a time, a whole number of any format's blocks: 128 KiB and their bytes stay in the second cache. */
const STRETCH = 32_768
/** Kernels read and write up to 16 values at once. */
const STEP = 16
/** Room for the bytes of a stretch: at most three for each value, and what is written too much. */
const BYTES_FROM = 4 * STRETCH
const SIZE_BYTES = BYTES_FROM + 3 * STRETCH + 64

/** Null where the engine has no SIMD. */
export function conversion(name: ConversionName): Conversion | null {
  const module = vectorModule()
  return module == null ? null : made(module, formatOf(module, name))
}

function formatOf({ functions }: VectorModule, name: ConversionName): Format {
  const { encodeInt8, decodeInt8, encodeFp16, decodeFp16, encodeBf16, decodeBf16 } = functions
  const halves = (values: number): number => 2 * values
  if (name === 'fp16') return { bytesOf: halves, encode: encodeFp16, decode: decodeFp16 }
  if (name === 'bf16') return { bytesOf: halves, encode: encodeBf16, decode: decodeBf16 }
  const blocks = (values: number): number => values + 4 * Math.ceil(values / 256)
  return { bytesOf: blocks, encode: encodeInt8, decode: decodeInt8 }
}

function made({ memory }: VectorModule, { bytesOf, encode, decode }: Format): Conversion {
  return {
    encode(values, out) {
      reserve(memory, SIZE_BYTES)
      const [floats, bytes] = [new Float32Array(memory.buffer), new Uint8Array(memory.buffer, BYTES_FROM)]
      for (let start = 0; start < values.length; start += STRETCH) {
        const count = Math.min(STRETCH, values.length - start)
        floats.set(values.subarray(start, start + count))
        floats.fill(0, count, roundedUp(count, STEP))
        encode(0, count, BYTES_FROM)
        out.set(bytes.subarray(0, bytesOf(count)), bytesOf(start))
      }
    },
    decode(bytes, out) {
      reserve(memory, SIZE_BYTES)
      const [floats, held] = [new Float32Array(memory.buffer), new Uint8Array(memory.buffer, BYTES_FROM)]
      for (let start = 0; start < out.length; start += STRETCH) {
        const count = Math.min(STRETCH, out.length - start)
        const size = bytesOf(count)
        held.set(bytes.subarray(bytesOf(start), bytesOf(start) + size))
        held.fill(0, size, size + 2 * STEP)
        if (decode(BYTES_FROM, count, 0) === 0) return false
        out.set(floats.subarray(0, count), start)
      }
      return true
    }
  }
}
