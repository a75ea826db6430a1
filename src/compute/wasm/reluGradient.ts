/** The gradient of ReLU in one pass; TensorFlow.js composes it of step, cast and multiply. */
import { getGradient, getKernel, engine, registerGradient, registerKernel } from '@tensorflow/tfjs-core'
import { addressOf, sizeOf } from './heap.ts'
import type { KernelCall } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { GradConfig, Tensor, TensorInfo } from '@tensorflow/tfjs-core'

/** The kernel's name: x, dy → dy where x > 0, else 0. With ReLU's output for x it is the same. */
export const RELU_GRADIENT = 'MurmurReluGrad'

/** Register the kernel, and have ReLU's gradient use it wherever the active backend has it. Idempotent. */
export function registerReluGradient(pack: Pack): void {
  if (getKernel(RELU_GRADIENT, 'wasm') != null) return
  registerKernel({
    kernelName: RELU_GRADIENT,
    backendName: 'wasm',
    kernelFunc: (call) => reluGradient(call as unknown as KernelCall, pack)
  })
  const stock = getGradient('Relu')
  registerGradient({ kernelName: 'Relu', inputsToSave: ['x'], gradFunc: gradientFrom(stock) })
}

function gradientFrom(stock: GradConfig): GradConfig['gradFunc'] {
  return (dy, saved, attrs) => {
    if (engine().backendName !== 'wasm') return stock.gradFunc(dy, saved, attrs)
    return { x: (): Tensor => engine().runKernel(RELU_GRADIENT, { x: saved[0], dy: dy as Tensor }) }
  }
}

/** x, dy of one shape → dy where x > 0, else 0. */
function reluGradient({ inputs: { x, dy }, backend }: KernelCall, { functions }: Pack): TensorInfo {
  const out = backend.makeOutput(x.shape, 'float32')
  const [values, slopes, to] = [x, dy, out].map((tensor) => addressOf(backend, tensor))
  functions.reluGradient(sizeOf(x.shape), values, slopes, to)
  return out
}
