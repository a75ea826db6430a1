/**
 * An embedding as one operation. Its gradient is one vector that stays from step to step, all zero but for the rows that
 * were just looked up, so that a step takes time by the tokens of a batch and not by the size of the table.
 */
import {
  backend,
  engine,
  getBackend,
  getKernel,
  keep,
  registerGradient,
  registerKernel,
  zeros
} from '@tensorflow/tfjs-core'
import { markRows } from '../rows.ts'
import { addressOf, callKernel, floatsOf, integersOf } from './heap.ts'
import type { KernelCall, WasmBackend } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { GradConfig, KernelFunc, NamedAttrMap, Tensor } from '@tensorflow/tfjs-core'

const EMBEDDING = 'MurmurEmbedding'
/** Where a batch looks up more of the table than this, going over all of it is as good. */
const FEW = 0.5

let functions: Pack['functions'] | null = null

/** Whether the active backend has the operation. */
export const hasEmbedding = (): boolean => getBackend() === 'wasm' && functions != null

/** table [rows, n], ids int32 [...] → [..., n]. The gradient by the table is `gradient`'s, good until the next step. */
export function embedding(table: Tensor, ids: Tensor, gradient: RowGradient): Tensor {
  return engine().runKernel(EMBEDDING, { table, ids }, { gradient } as unknown as NamedAttrMap)
}

/** Register the kernel and its gradient. Idempotent. */
export function registerEmbedding(pack: Pack): void {
  functions = pack.functions
  if (getKernel(EMBEDDING, 'wasm') != null) return
  const kernelFunc = (({ inputs: { table, ids }, backend: wasm }: KernelCall) => {
    const inputs = { x: table, indices: ids }
    return callKernel('GatherV2', { inputs, attrs: { axis: 0, batchDims: 0 }, backend: wasm })
  }) as unknown as KernelFunc
  registerKernel({ kernelName: EMBEDDING, backendName: 'wasm', kernelFunc })
  registerGradient({ kernelName: EMBEDDING, inputsToSave: ['table', 'ids'], gradFunc })
}

const gradFunc: GradConfig['gradFunc'] = (dy, saved, attrs) => {
  const [table, ids] = saved
  const { gradient } = attrs as unknown as { gradient: RowGradient }
  return { table: () => gradient.of(dy as Tensor, { table, ids }) }
}

/** The gradient of one table. */
export class RowGradient {
  #tensor: Tensor | null = null
  #ids = new Int32Array()

  /** The sums of the rows of dy [..., n] by id: where they are few, in the vector that is kept. */
  of(dy: Tensor, { table, ids }: { table: Tensor; ids: Tensor }): Tensor {
    const [rows, rowSize] = table.shape
    if (ids.size > FEW * rows) {
      return engine().runKernel('UnsortedSegmentSum', { x: dy, segmentIds: ids }, { numSegments: rows })
    }
    const sums = this.#cleared(rows, rowSize)
    const wasm = backend() as unknown as WasmBackend
    const [from, by, to] = [dy, ids, sums].map((tensor) => addressOf(wasm, tensor))
    functions?.addRowsById(ids.size, rowSize, from, by, rows, to)
    this.#ids = integersOf(wasm, ids).slice()
    markRows(sums, { ids: this.#ids, rowSize })
    return sums
  }

  dispose(): void {
    this.#tensor?.dispose()
    this.#tensor = null
  }

  /** All zero: also where nobody used up what was there. */
  #cleared(rows: number, rowSize: number): Tensor {
    if (this.#tensor == null || this.#tensor.isDisposed) return (this.#tensor = keep(zeros([rows, rowSize])))
    const values = floatsOf(backend() as unknown as WasmBackend, this.#tensor)
    for (const id of this.#ids) values.fill(0, id * rowSize, (id + 1) * rowSize)
    return this.#tensor
  }
}
