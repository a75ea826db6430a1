/** Kernels that the stock wasm backend lacks for training, or does slowly. One file each; this one installs them. */
import { registerKernel, unregisterKernel } from '@tensorflow/tfjs-core'
import { biasAdd, biasGradient } from './biasAdd.ts'
import { convFilterGradient } from './convFilterGradient.ts'
import { convInputGradient } from './convInputGradient.ts'
import { gatherRows } from './gather.ts'
import { stockKernel } from './heap.ts'
import { fusedMatMul, matMul } from './matMul.ts'
import { maxPoolGradient } from './maxPoolGradient.ts'
import { registerReluGradient } from './reluGradient.ts'
import { segmentSum } from './segmentSum.ts'
import type { KernelCall, KernelOverride, WasmKernel } from './heap.ts'
import type { KernelFunc } from '@tensorflow/tfjs-core'

const overrides: KernelOverride[] = [
  matMul,
  fusedMatMul,
  biasAdd,
  biasGradient,
  convFilterGradient,
  convInputGradient,
  maxPoolGradient,
  gatherRows,
  segmentSum
]

let installed = false

/** Register the training kernels over the wasm backend's. Idempotent; call it once the backend is up. */
export function installTrainingKernels(): void {
  if (installed) return
  installed = true
  for (const { name, make } of overrides) install(name, make)
  registerReluGradient()
}

function install(name: string, make: KernelOverride['make']): void {
  const stock = stockKernel(name)
  const kernel = make(stock ?? absent(name))
  if (stock != null) unregisterKernel(name, 'wasm')
  const kernelFunc: KernelFunc = (call) => kernel(call as unknown as KernelCall)
  registerKernel({ kernelName: name, backendName: 'wasm', kernelFunc })
}

function absent(name: string): WasmKernel {
  return () => {
    throw new Error(`The wasm backend has no ${name} kernel of its own`)
  }
}
