/** The way back through a bias and a ReLU that were applied in one pass with what came before. */
import { engine, getKernel, registerKernel } from '@tensorflow/tfjs-core'
import { addressOf, sizeOf } from './heap.ts'
import { RELU_GRADIENT } from './reluGradient.ts'
import type { KernelCall } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { KernelFunc, Tensor, TensorInfo } from '@tensorflow/tfjs-core'

const GRADIENT = 'MurmurBiasReluGrad'

/** What was applied. */
export interface BiasRelu {
  relu: boolean
  hasBias: boolean
}

/** The gradient before bias and ReLU, and that of the bias [n], if it is asked for. */
export interface Before {
  slopes: Tensor
  bias(): Tensor
}

/** From the gradient dy [..., n] by the outputs y. */
export function beforeBiasRelu(dy: Tensor, y: Tensor, { relu, hasBias }: BiasRelu): Before {
  if (!relu) return { slopes: dy, bias: () => columnSums(dy) }
  if (!hasBias) {
    const slopes: Tensor = engine().runKernel(RELU_GRADIENT, { x: y, dy })
    return { slopes, bias: () => columnSums(slopes) }
  }
  const [slopes, sums] = engine().runKernel(GRADIENT, { y, dy }) as unknown as [Tensor, Tensor]
  return { slopes, bias: () => sums }
}

const columnSums = (x: Tensor): Tensor =>
  engine().runKernel('Sum', { x }, { axis: [...x.shape.keys()].slice(0, -1), keepDims: false })

/** Register the kernel. Idempotent. */
export function registerBiasRelu(pack: Pack): void {
  if (getKernel(GRADIENT, 'wasm') != null) return
  const kernelFunc = ((call: KernelCall) => gradient(call, pack)) as unknown as KernelFunc
  registerKernel({ kernelName: GRADIENT, backendName: 'wasm', kernelFunc })
}

/** y, dy [..., n] → dy where y > 0, else 0; and the sums of that over all axes but the last. */
function gradient({ inputs: { y, dy }, backend }: KernelCall, { functions }: Pack): TensorInfo[] {
  const n = y.shape[y.shape.length - 1]
  const made = [y.shape, [n]].map((shape) => backend.makeOutput(shape, 'float32'))
  const [values, from, slopes, sums] = [y, dy, ...made].map((tensor) => addressOf(backend, tensor))
  functions.biasReluGradient(sizeOf(y.shape.slice(0, -1)), n, values, from, slopes, sums)
  return made
}
