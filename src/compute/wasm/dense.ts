/**
 * A dense layer as one operation: product, bias and ReLU in one pass. TensorFlow.js fuses them only where no gradient is
 * asked for. Its gradients are computed as they are needed: none for the first layer's input.
 */
import { engine, getBackend, getKernel, registerGradient, registerKernel } from '@tensorflow/tfjs-core'
import { beforeBiasRelu } from './biasRelu.ts'
import { callKernel, reshaped } from './heap.ts'
import type { BiasRelu } from './biasRelu.ts'
import type { KernelCall } from './heap.ts'
import type { GradConfig, KernelFunc, NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'

/** x [batch, k], kernel [k, n], bias [n] if any. */
export interface DenseOperands {
  x: Tensor
  kernel: Tensor
  bias: Tensor | null
}

const DENSE = 'MurmurDense'

/** Whether the active backend has the operation. */
export const hasDense = (): boolean => getBackend() === 'wasm' && getKernel(DENSE, 'wasm') != null

/** x · kernel + bias → [batch, n], then ReLU if `relu`. */
export function dense({ x, kernel, bias }: DenseOperands, { relu }: { relu: boolean }): Tensor {
  const attrs = { relu, hasBias: bias != null }
  return run(DENSE, bias == null ? { x, kernel } : { x, kernel, bias }, attrs)
}

/** Register the kernel and its gradient. Idempotent. */
export function registerDense(): void {
  if (getKernel(DENSE, 'wasm') != null) return
  const kernelFunc = ((call: KernelCall) => forward(call)) as unknown as KernelFunc
  registerKernel({ kernelName: DENSE, backendName: 'wasm', kernelFunc })
  const saved = { inputsToSave: ['x', 'kernel'], outputsToSave: [true] }
  registerGradient({ kernelName: DENSE, ...saved, gradFunc: gradients })
}

function forward({ inputs: { x, kernel, bias }, attrs, backend }: KernelCall): TensorInfo {
  const activation = (attrs as BiasRelu).relu ? 'relu' : 'linear'
  // As batches of one matrix, which the fused product takes.
  const [a, b] = [x, kernel].map((tensor) => reshaped(tensor, [1, ...tensor.shape]))
  const inputs = { a, b, ...(bias && { bias }) }
  const product = { transposeA: false, transposeB: false, activation }
  const { dataId, dtype } = callKernel('_FusedMatMul', { inputs, attrs: product, backend })
  return { dataId, dtype, shape: [x.shape[0], kernel.shape[1]] }
}

const gradients: GradConfig['gradFunc'] = (dy, saved, attrs) => {
  const [x, kernel, y] = saved
  const { slopes, bias } = beforeBiasRelu(dy as Tensor, y, attrs as unknown as BiasRelu)
  const product = (a: Tensor, b: Tensor, transposes: object): Tensor =>
    run('BatchMatMul', { a, b }, { transposeA: false, transposeB: false, ...transposes })
  return {
    x: () => product(slopes, kernel, { transposeB: true }),
    kernel: () => product(x, slopes, { transposeA: true }),
    bias
  }
}

const run = (name: string, tensors: NamedTensorMap, attrs: object = {}): Tensor =>
  engine().runKernel(name, tensors, { ...attrs })
