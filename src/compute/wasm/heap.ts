/**
 * The part of TensorFlow.js' wasm backend that our kernels use. Tensors live on one growing heap: a view is only good
 * until the next allocation, so kernels allocate first and take views after.
 */
import { getKernel } from '@tensorflow/tfjs-core'
import type { DataType, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core'
import type { Pack } from './pack/index.ts'

/** Where one tensor lies. `id` is the number that the C++ side knows it by. */
export interface HeapEntry {
  id: number
  memoryOffset: number
  refCount: number
}

/** The wasm backend, as far as kernels need it. */
export interface WasmBackend {
  dataIdNextNumber: number
  wasm: {
    HEAPU8: Uint8Array
    asm: { memory: WebAssembly.Memory }
    /** The address may be negative: `>>> 0`. */
    _malloc(sizeBytes: number): number
    _free(address: number): void
    tfjs: {
      registerTensor(id: number, size: number, memoryOffset: number): void
      disposeData(id: number): void
    }
  }
  dataIdMap: { get(dataId: object): HeapEntry }
  makeOutput(shape: number[], dtype: DataType): TensorInfo
  disposeData(dataId: object): boolean
  incRef(dataId: object): void
}

/** What a kernel is called with. */
export interface KernelCall {
  inputs: Record<string, TensorInfo>
  attrs?: object
  backend: WasmBackend
}

/** One operation's implementation on the wasm backend. */
export type WasmKernel = (call: KernelCall) => TensorInfo

/** A kernel that replaces, or adds to, those of the wasm backend; made from the one that is there (if any). */
export interface KernelOverride {
  name: string
  make(stock: WasmKernel, pack: Pack): WasmKernel
}

/** The number of values in a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1)
}

/** Where a tensor's values begin on the heap; good as long as the tensor is. */
export function addressOf(backend: WasmBackend, { dataId }: TensorInfo): number {
  return backend.dataIdMap.get(dataId).memoryOffset
}

/** A float32 view of a tensor on the heap; invalid after the next allocation. */
export function floatsOf(backend: WasmBackend, info: TensorInfo): Float32Array {
  const { memoryOffset } = backend.dataIdMap.get(info.dataId)
  return new Float32Array(backend.wasm.HEAPU8.buffer, memoryOffset, sizeOf(info.shape))
}

/** An int32 view of a tensor on the heap; invalid after the next allocation. */
export function integersOf(backend: WasmBackend, info: TensorInfo): Int32Array {
  const { memoryOffset } = backend.dataIdMap.get(info.dataId)
  return new Int32Array(backend.wasm.HEAPU8.buffer, memoryOffset, sizeOf(info.shape))
}

/** The same data under another shape, without counting a reference: for passing on to another kernel only. */
export function reshaped(info: TensorInfo, shape: number[]): TensorInfo {
  return { dataId: info.dataId, dtype: info.dtype, shape }
}

/** Call a kernel of the wasm backend by name. */
export function callKernel(name: string, call: KernelCall): TensorInfo {
  return (stockKernel(name) ?? missing(name))(call)
}

/** The kernel now registered under a name. */
export function stockKernel(name: string): WasmKernel | undefined {
  const config = getKernel(name, 'wasm') as KernelConfig | undefined
  if (config == null) return undefined
  return (call) => config.kernelFunc(call as Parameters<typeof config.kernelFunc>[0]) as TensorInfo
}

function missing(name: string): WasmKernel {
  return () => {
    throw new Error(`The wasm backend has no ${name} kernel; expected TensorFlow.js 4.22's`)
  }
}
