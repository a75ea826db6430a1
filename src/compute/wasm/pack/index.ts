/**
 * The kernel pack: our own WebAssembly module (AssemblyScript in assembly/), which imports the memory of TensorFlow.js'
 * module and so works on tensors where they lie. Addresses stay good when that memory grows; views do not.
 */
import { runnable } from '../../module.ts'
import { relaxed, simd } from './binary.ts'
import type { WasmBackend } from '../heap.ts'
import type { Helpers } from '../helpers/index.ts'

/** What the module exports. Addresses and distances in bytes; `scratch` is memory of `…ScratchBytes()`. */
export interface PackFunctions {
  /** C [m × n] = A · B (+ bias): see assembly/gemm.ts. `flags`: 1 to add to C, 2 for ReLU. */
  gemm(
    m: number,
    n: number,
    k: number,
    ...rest: [
      a: number,
      aRow: number,
      aColumn: number,
      b: number,
      bRow: number,
      bColumn: number,
      c: number,
      cRow: number,
      bias: number,
      flags: number,
      scratch: number
    ]
  ): void
  /** As `gemm`, with B's rows those of a table b that `rows` lists. */
  gemmOfRows(
    m: number,
    n: number,
    k: number,
    ...rest: [
      ...operands: [a: number, aRow: number, aColumn: number, b: number, bRow: number, rows: number],
      ...to: [c: number, cRow: number, bias: number, flags: number, scratch: number]
    ]
  ): void
  /** C ← C − rate · A · B, of C all rows or, where `rows` is not 0, those that it lists. */
  descend(
    m: number,
    n: number,
    k: number,
    ...rest: [
      ...a: [a: number, aRow: number, aColumn: number],
      ...b: [b: number, bRow: number, bColumn: number],
      ...to: [c: number, cRow: number, rows: number, rate: number, scratch: number]
    ]
  ): void
  gemmScratchBytes(): number
  /** Lists (32 bits each) the columns of x [rows × n] that are not all zero. @returns how many */
  activeColumns(rows: number, n: number, x: number, list: number): number
  /** y [rows × k] = the k listed columns of x [rows × n]. */
  gatherColumns(rows: number, n: number, k: number, ...places: [x: number, list: number, y: number]): void
  /** Set the geometry of the three below; `scratch` is of the size that `convScratchBytes` tells after it. */
  convolution(
    ...geometry: [
      ...image: [batch: number, height: number, width: number, channels: number],
      ...output: [height: number, width: number, channels: number],
      ...window: Window
    ]
  ): void
  convScratchBytes(): number
  convForward(
    x: number,
    filter: number,
    bias: number,
    ...rest: [out: number, flags: number, scratch: number]
  ): void
  convInputGradient(dy: number, filter: number, dx: number, scratch: number): void
  convFilterGradient(x: number, dy: number, dFilter: number, scratch: number): void
  depthwiseFilterGradient(x: number, dy: number, dFilter: number, ...geometry: Depthwise): void
  depthwiseInputGradient(dx: number, dy: number, filter: number, ...geometry: Depthwise): void
  maxPool(x: number, y: number, ...geometry: Pooling): void
  maxPoolGradient(x: number, dy: number, dx: number, ...geometry: Pooling): void
  lstmScratchBytes(batch: number, units: number): number
  /** See assembly/lstm.ts: sizes, then x, kernel, recurrent, bias, hidden, cells, gates, hard, scratch. */
  lstm(...sizesAndAddresses: number[]): void
  /** Sizes, then x, kernel, recurrent, hidden, cells, gates, dy, dySteps, the gradients, room, hard, scratch. */
  lstmGradient(...sizesAndAddresses: number[]): void
  gruScratchBytes(batch: number, units: number): number
  /** As `lstm`, with r·h for cells: see assembly/gru.ts. */
  gru(...sizesAndAddresses: number[]): void
  /** As `lstmGradient`, with r·h for cells. */
  gruGradient(...sizesAndAddresses: number[]): void
  /** `gamma` and `beta` may be 0. */
  layerNorm(
    rows: number,
    n: number,
    x: number,
    ...by: [gamma: number, beta: number, epsilon: number, ...to: number[]]
  ): void
  /** x, gamma, means, scales, dy, then the gradients of x, gamma and beta; 0 for what is not there. */
  layerNormGradient(rows: number, n: number, ...addresses: number[]): void
  softmaxGradient(rows: number, n: number, y: number, ...to: [dy: number, dx: number]): void
  crossEntropy(
    rows: number,
    n: number,
    x: number,
    ...to: [classes: number, slopes: number, totals: number]
  ): void
  sgd(size: number, w: number, g: number, rate: number): void
  momentum(size: number, w: number, g: number, ...by: [v: number, rate: number, share: number]): void
  adam(
    size: number,
    w: number,
    g: number,
    ...by: [
      ...state: [m: number, v: number],
      rate: number,
      beta1: number,
      beta2: number,
      epsilon: number,
      share: number
    ]
  ): void
  proximal(size: number, out: number, g: number, ...by: [w: number, anchor: number, mu: number]): void
  addRow(rows: number, columns: number, x: number, ...to: [bias: number, y: number]): void
  sumRows(rows: number, columns: number, x: number, sums: number): void
  biasReluGradient(rows: number, n: number, y: number, ...to: [dy: number, dx: number, sums: number]): void
  reluGradient(size: number, x: number, dy: number, dx: number): void
  addRowsById(
    count: number,
    columns: number,
    x: number,
    ...to: [ids: number, segments: number, sums: number]
  ): void
  /** @returns the place of the first id outside of the table, or −1 */
  gatherRows(
    count: number,
    columns: number,
    table: number,
    ...by: [rows: number, ids: number, y: number]
  ): number
}

type Depthwise = [
  ...image: [batch: number, height: number, width: number, channels: number],
  ...output: [height: number, width: number, multiplier: number],
  ...window: [height: number, width: number, strideY: number, strideX: number],
  ...dilation: [y: number, x: number],
  ...padding: [top: number, left: number]
]
type Pooling = [
  ...image: [batch: number, height: number, width: number, channels: number],
  ...output: [height: number, width: number],
  ...window: Window
]
type Window = [height: number, width: number, strideY: number, strideX: number, top: number, left: number]

/** The pack on one backend's memory. */
export interface Pack {
  functions: PackFunctions
  /** Whether a · b + c is rounded once. */
  hasFma: boolean
  /** Memory of at least this size, until the next call. */
  scratch(sizeBytes: number): number
  /** What all addresses are of. */
  memory: WebAssembly.Memory
  /** Threads that help with products of large matrices, if it has any. */
  helpers: Helpers | null
}

/** Instantiate the pack on a backend's memory; null where the engine has no SIMD. */
export async function loadPack({ wasm }: WasmBackend): Promise<Pack | null> {
  const { memory } = wasm.asm
  for (const [base64, hasFma] of [
    [relaxed, true],
    [simd, false]
  ] as const) {
    const bytes = runnable(base64)
    if (bytes == null) continue
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } })
    const functions = instance.exports as unknown as PackFunctions
    return { functions, hasFma, scratch: scratchOf(wasm), memory, helpers: null }
  }
  return null
}

/** One piece of the heap that grows with what is asked of it, and stays. */
function scratchOf(wasm: WasmBackend['wasm']): Pack['scratch'] {
  let [start, held] = [0, 0]
  return (sizeBytes) => {
    if (sizeBytes > held) {
      if (start !== 0) wasm._free(start)
      start = wasm._malloc(sizeBytes + ALIGNMENT) >>> 0
      if (start === 0) throw new RangeError(`No ${sizeBytes} bytes left on the heap for a kernel to work in`)
      held = sizeBytes
    }
    return (start + ALIGNMENT) & -ALIGNMENT
  }
}

/** A cache line. */
const ALIGNMENT = 64
