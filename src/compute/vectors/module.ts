/** The WebAssembly module of this folder, and its memory: what is worked on is copied in, and the result out. */
import { runnable } from '../module.ts'
import { vectors } from './binary.ts'

/** What the module exports. Addresses are multiples of 16 unless assembly/ says otherwise. */
interface Functions {
  weightedSum(count: number, length: number, inputs: number, ...to: [weights: number, out: number]): void
  median(count: number, length: number, inputs: number, out: number): void
  encodeInt8(values: number, count: number, out: number): void
  decodeInt8(from: number, count: number, values: number): number
  encodeFp16(values: number, count: number, out: number): void
  decodeFp16(from: number, count: number, values: number): void
  encodeBf16(values: number, count: number, out: number): void
  decodeBf16(from: number, count: number, values: number): void
}

/** The module at work. Whoever calls it fills its memory and takes the result before anybody else does. */
export interface VectorModule {
  functions: Functions
  memory: WebAssembly.Memory
}

const PAGE_BYTES = 65_536

let made: VectorModule | null | undefined

/** Null where the engine has no SIMD. Compiled once, at the first call: some KiB. */
export function vectorModule(): VectorModule | null {
  return (made ??= make())
}

function make(): VectorModule | null {
  const bytes = runnable(vectors)
  if (bytes == null) return null
  const memory = new WebAssembly.Memory({ initial: 1 })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  return { functions: instance.exports as unknown as Functions, memory }
}

/** Have at least so much memory. What was taken of `memory.buffer` before may be detached after. */
export function reserve(memory: WebAssembly.Memory, sizeBytes: number): void {
  const missing = sizeBytes - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES))
}

/** The next multiple of `to`. */
export const roundedUp = (value: number, to: number): number => Math.ceil(value / to) * to
