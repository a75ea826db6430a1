/**
 * A 2-D convolution layer as one operation: bias and ReLU in the same pass, forward and backward. TensorFlow.js fuses ReLU only
 * where no gradient is asked for. Its gradients are computed as they are needed: none for the first layer's input.
 */
import { engine, getBackend, getKernel, registerGradient, registerKernel } from '@tensorflow/tfjs-core'
import { beforeBiasRelu } from './biasRelu.ts'
import { callKernel } from './heap.ts'
import type { BiasRelu } from './biasRelu.ts'
import type { KernelCall } from './heap.ts'
import type { GradConfig, KernelFunc, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core'

/** x [batch, h, w, in], kernel [kh, kw, in, out], bias [out] if any. */
export interface ConvOperands {
  x: Tensor
  kernel: Tensor
  bias: Tensor | null
}

/** How the window moves; no dilation. */
export interface ConvOptions {
  relu: boolean
  strides: [number, number]
  pad: 'valid' | 'same'
}

const CONV = 'MurmurConv2D'

/** Whether the active backend has the operation. */
export const hasConv = (): boolean => getBackend() === 'wasm' && getKernel(CONV, 'wasm') != null

/** → [batch, oh, ow, out] */
export function conv({ x, kernel, bias }: ConvOperands, options: ConvOptions): Tensor {
  const attrs = { ...options, hasBias: bias != null }
  return run(CONV, bias == null ? { x, kernel } : { x, kernel, bias }, attrs)
}

/** Register the kernel and its gradient. Idempotent. */
export function registerConv(): void {
  if (getKernel(CONV, 'wasm') != null) return
  const kernelFunc = (({ inputs: { x, kernel, bias }, attrs, backend }: KernelCall) => {
    const { relu, strides, pad } = attrs as Attrs
    const inputs = { x, filter: kernel, ...(bias && { bias }) }
    const activation = relu ? 'relu' : 'linear'
    return callKernel('FusedConv2D', { inputs, attrs: { strides, pad, activation }, backend })
  }) as unknown as KernelFunc
  registerKernel({ kernelName: CONV, backendName: 'wasm', kernelFunc })
  const saved = { inputsToSave: ['x', 'kernel'], outputsToSave: [true] }
  registerGradient({ kernelName: CONV, ...saved, gradFunc: gradients })
}

type Attrs = ConvOptions & BiasRelu

const gradients: GradConfig['gradFunc'] = (dy, saved, attrs) => {
  const [x, filter, y] = saved
  const { relu, hasBias, strides, pad } = attrs as unknown as Attrs
  const { slopes, bias } = beforeBiasRelu(dy as Tensor, y, { relu, hasBias })
  return {
    x: () => run('Conv2DBackpropInput', { dy: slopes, filter }, { strides, pad, inputShape: x.shape }),
    kernel: () => run('Conv2DBackpropFilter', { x, dy: slopes }, { strides, pad, filterShape: filter.shape }),
    bias
  }
}

const run = (name: string, tensors: NamedTensorMap, attrs: object): Tensor =>
  engine().runKernel(name, tensors, { ...attrs })
