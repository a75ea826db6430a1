/**
 * Backend memory as plain arrays: how weights are loaded, read and updated. On wasm and cpu tensors lie where JavaScript
 * reads directly; TensorFlow's own library keeps them to itself, and there a view is a copy that `changed` writes back.
 */
import { backend, getBackend, tensor, Variable } from '@tensorflow/tfjs-core'
import type { WasmBackend } from './wasm/heap.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Thrown when tensors of the active backend cannot be seen as arrays. */
export class UnsupportedBackendError extends Error {
  static override name = 'UnsupportedBackendError'

  constructor(found: string) {
    super(`Training on backend '${found}': expected wasm, cpu or tensorflow; choose one with startBackend()`)
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
}

/**
 * Memory of the active backend.
 *
 * @throws {UnsupportedBackendError} none of wasm, cpu and tensorflow is active
 */
export function tensorMemory(): TensorMemory {
  const name = getBackend()
  if (name === 'wasm') return wasmMemory(backend() as unknown as WasmBackend)
  if (name === 'cpu') return cpuMemory(backend() as unknown as CpuBackend)
  if (name === 'tensorflow') return copiedMemory()
  throw new UnsupportedBackendError(name)
}

interface CpuBackend {
  data: { get(dataId: object): { values: Float32Array } }
}

function cpuMemory(cpu: CpuBackend): TensorMemory {
  return { view: (tensor) => cpu.data.get(tensor.dataId).values, changed: () => undefined }
}

function wasmMemory(wasm: WasmBackend): TensorMemory {
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

/** Copies that were handed out, by the data that they are of: a tensor whose values were replaced has other data. */
const copies = new WeakMap<object, Float32Array>()

function copiedMemory(): TensorMemory {
  return {
    view(tensor) {
      const copy = tensor.dataSync<'float32'>().slice()
      copies.set(tensor.dataId, copy)
      return copy
    },
    changed(changed) {
      const copy = copies.get(changed.dataId)
      // Absent: an operation changed it, which needs no telling.
      if (copy == null || !(changed instanceof Variable)) return
      const values = tensor(copy, changed.shape)
      changed.assign(values)
      values.dispose()
    }
  }
}
