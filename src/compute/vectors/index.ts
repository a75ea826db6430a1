/**
 * Arithmetic over flat vectors in WebAssembly, for aggregation: the same bits as the plain loops, several times faster.
 * Vectors are copied in a block at a time, small enough to stay in the processor's caches.
 */
import { reserve, roundedUp, vectorModule } from './module.ts'
import type { VectorModule } from './module.ts'

/** Kernels over vectors of equal lengths. Order and precision of the arithmetic are part of the contract. */
export interface VectorKernels {
  /** out = Σ weights[k] · inputs[k], added in the order of k in float64, rounded to float32 once. */
  weightedSum(inputs: readonly Float32Array[], weights: readonly number[], out: Float32Array): void
  /** out = the median of each coordinate; of two in the middle their mean in float64, rounded once. No NaN; never −0. */
  median(inputs: readonly Float32Array[], out: Float32Array): void
}

/** Values held at once, of all inputs together, where each is read once: long stretches are copied faster. 256 KiB. */
const LARGE_BLOCK = 64 * 1024
/** The same where they are read again and again: 64 KiB. */
const SMALL_BLOCK = 16 * 1024
/** Values that one step of a kernel takes, at most. */
const STEP = 16

let made: VectorKernels | null | undefined

/** The kernels; null where the engine has no SIMD. */
export function vectorKernels(): VectorKernels | null {
  return (made ??= make(vectorModule()))
}

function make(module: VectorModule | null): VectorKernels | null {
  if (module == null) return null
  const { functions, memory } = module
  return {
    weightedSum(inputs, weights, out) {
      const twice = weights.flatMap((weight) => [weight, weight])
      byBlocks(memory, { inputs, out, most: LARGE_BLOCK, reserved: 8 * twice.length }, (block) => {
        const { length, from, to } = block
        new Float64Array(memory.buffer, 0, twice.length).set(twice)
        functions.weightedSum(inputs.length, length, from, 0, to)
      })
    },
    median(inputs, out) {
      byBlocks(memory, { inputs, out, most: SMALL_BLOCK, reserved: 0 }, ({ length, from, to }) =>
        functions.median(inputs.length, length, from, to)
      )
    }
  }
}

interface Vectors {
  inputs: readonly Float32Array[]
  out: Float32Array
  /** Values of all inputs together that are in memory at once. */
  most: number
  /** Bytes to leave alone at the start of the memory. */
  reserved: number
}

/** Where one block lies: `length` values of each input from `from` on, room for the result at `to`. */
interface Block {
  length: number
  from: number
  to: number
}

/** Copy stretches of all inputs in, have them worked on, copy the result out. */
function byBlocks(memory: WebAssembly.Memory, vectors: Vectors, work: (block: Block) => void): void {
  const { inputs, out } = vectors
  const from = roundedUp(vectors.reserved, 16)
  const most = roundedUp(Math.max(1, vectors.most / Math.max(1, inputs.length)), STEP)
  reserve(memory, from + 4 * most * (inputs.length + 1))
  const heap = new Float32Array(memory.buffer)
  for (let start = 0; start < out.length; start += most) {
    const used = Math.min(most, out.length - start)
    const length = roundedUp(used, STEP)
    for (const [k, input] of inputs.entries()) {
      heap.set(input.subarray(start, start + used), from / 4 + k * length)
    }
    const to = from + 4 * length * inputs.length
    work({ length, from, to })
    out.set(heap.subarray(to / 4, to / 4 + used), start)
  }
}
