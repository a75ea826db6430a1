/**
 * Backend memory as plain arrays: how weights are loaded, read and updated. On wasm and cpu tensors lie where JavaScript
 * reads directly; TensorFlow's own library keeps them to itself, and there a view is a copy that `changed` writes back. On
 * WebGPU what was computed can only be awaited: there is a view only of what was written.
 */
import { backend, getBackend, tensor, Variable } from '@tensorflow/tfjs-core'
import type { WasmBackend } from './wasm/heap.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Thrown when tensors of the active backend cannot be seen as arrays. */
export class UnsupportedBackendError extends Error {
  static override name = 'UnsupportedBackendError'

  constructor(found: string) {
    super(
      `Training on backend '${found}': its values cannot be seen at once; expected wasm, cpu or tensorflow`
    )
    this.name = 'UnsupportedBackendError'
  }
}

/** Views into the memory of the backend that was active when it was made. */
export interface TensorMemory {
  /**
   * The values of a float32 tensor: good until the next operation or allocation. Where tensors do not lie in memory that
   * JavaScript sees, a copy.
   */
  view(tensor: Tensor): Float32Array
  /** Values were changed through a view, of a variable: from here on operations see them. */
  changed(tensor: Tensor): void
  /** Replace the values of a variable. `values` is not kept. */
  write(tensor: Tensor, values: Float32Array): void
}

/**
 * Memory of the active backend.
 *
 * @throws {UnsupportedBackendError} none of wasm, cpu, tensorflow and webgpu is active
 */
export function tensorMemory(): TensorMemory {
  const name = getBackend()
  if (name === 'wasm') return writable(wasmMemory(backend() as unknown as WasmBackend))
  if (name === 'cpu') return writable(cpuMemory(backend() as unknown as CpuBackend))
  if (name === 'tensorflow') return copiedMemory((tensor) => tensor.dataSync<'float32'>())
  if (name === 'webgpu') return copiedMemory(writtenBefore)
  throw new UnsupportedBackendError(name)
}

/** Whether what the active backend computes can only be awaited. */
export const isDeferred = (): boolean => getBackend() === 'webgpu'

/** The values of a float32 tensor on whichever backend: a copy. */
export async function readTensor(tensor: Tensor): Promise<Float32Array> {
  return isDeferred() ? await tensor.data<'float32'>() : tensorMemory().view(tensor).slice()
}

type Viewed = Omit<TensorMemory, 'write'>

function writable({ view, changed }: Viewed): TensorMemory {
  const write = (tensor: Tensor, values: Float32Array): void => {
    view(tensor).set(values)
    changed(tensor)
  }
  return { view, changed, write }
}

interface CpuBackend {
  data: { get(dataId: object): { values: Float32Array } }
}

function cpuMemory(cpu: CpuBackend): Viewed {
  return { view: (tensor) => cpu.data.get(tensor.dataId).values, changed: () => undefined }
}

function wasmMemory(wasm: WasmBackend): Viewed {
  return {
    view(tensor) {
      const { memoryOffset } = wasm.dataIdMap.get(tensor.dataId)
      return new Float32Array(wasm.wasm.HEAPU8.buffer, memoryOffset, tensor.size)
    },
    // XNNPACK keeps packed copies of weights by tensor number: a new number for the same memory makes them stale.
    changed(tensor) {
      const entry = wasm.dataIdMap.get(tensor.dataId)
      wasm.wasm.tfjs.disposeData(entry.id)
      entry.id = wasm.dataIdNextNumber++
      wasm.wasm.tfjs.registerTensor(entry.id, tensor.size, entry.memoryOffset)
    }
  }
}

/** Copies that were handed out or written, by the data that they are of: a tensor whose values were replaced has other data. */
const copies = new WeakMap<object, Float32Array>()

function copiedMemory(read: (tensor: Tensor) => Float32Array): TensorMemory {
  const write = (to: Tensor, values: Float32Array): void => {
    const copy = values.slice()
    const replacement = tensor(copy, to.shape)
    ;(to as Variable).assign(replacement)
    replacement.dispose()
    copies.set(to.dataId, copy)
  }
  return {
    write,
    view(tensor) {
      const copy = read(tensor).slice()
      copies.set(tensor.dataId, copy)
      return copy
    },
    changed(changed) {
      const copy = copies.get(changed.dataId)
      // Absent: an operation changed it, which needs no telling.
      if (copy != null && changed instanceof Variable) write(changed, copy)
    }
  }
}

function writtenBefore({ dataId }: Tensor): Float32Array {
  const copy = copies.get(dataId)
  if (copy == null) throw new UnsupportedBackendError('webgpu')
  return copy
}
