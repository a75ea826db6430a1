/**
 * Backend memory as plain arrays: how weights are loaded, read and updated in place. Only backends whose tensors lie in
 * memory that JavaScript reads directly (wasm, cpu) have this; all that we train on today.
 */
import { backend, getBackend } from '@tensorflow/tfjs-core'
import type { WasmBackend } from './wasm/heap.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Thrown when tensors of the active backend cannot be seen as arrays. */
export class UnsupportedBackendError extends Error {
  static override name = 'UnsupportedBackendError'

  constructor(found: string) {
    super(`Training in place on backend '${found}': expected wasm or cpu; choose one with startBackend()`)
    this.name = 'UnsupportedBackendError'
  }
}

/** Views into the memory of the backend that was active when it was made. */
export interface TensorMemory {
  /** The values of a float32 tensor, not a copy. Good until the next operation or allocation. */
  view(tensor: Tensor): Float32Array
  /** Tell the backend that values were changed through a view, so that nothing it cached of them is used again. */
  changed(tensor: Tensor): void
}

/**
 * Memory of the active backend.
 *
 * @throws {UnsupportedBackendError} neither wasm nor cpu is active
 */
export function tensorMemory(): TensorMemory {
  const name = getBackend()
  if (name === 'wasm') return wasmMemory(backend() as unknown as WasmBackend)
  if (name === 'cpu') return cpuMemory(backend() as unknown as CpuBackend)
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
