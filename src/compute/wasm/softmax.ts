/**
 * Softmax's gradient over the last axis in one pass (TensorFlow.js composes it of four), and its cross-entropy. The stock
 * kernel of softmax itself is fast.
 */
import {
  engine,
  getBackend,
  getGradient,
  getKernel,
  registerGradient,
  registerKernel,
  tensor1d
} from '@tensorflow/tfjs-core'
import { addressOf, sizeOf } from './heap.ts'
import type { KernelCall } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { GradConfig, KernelFunc, Tensor, TensorInfo } from '@tensorflow/tfjs-core'

const GRADIENT = 'MurmurSoftmaxGrad'
const CROSS_ENTROPY = 'MurmurCrossEntropy'

/** [rows, n] of a tensor over whose last axis it goes. */
function rowsOf({ shape }: TensorInfo): [rows: number, n: number] {
  return [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]]
}

/** Register the kernels below, and have softmax's gradient use its own wherever the active backend has it. Idempotent. */
export function registerSoftmax(pack: Pack): void {
  if (getKernel(GRADIENT, 'wasm') != null) return
  register(GRADIENT, (call) => gradient(call, pack))
  register(CROSS_ENTROPY, (call) => slopesAndTotals(call, pack))
  const stock = getGradient('Softmax')
  registerGradient({ kernelName: 'Softmax', outputsToSave: [true], gradFunc: gradientFrom(stock) })
}

function register(kernelName: string, kernel: (call: KernelCall) => TensorInfo | TensorInfo[]): void {
  registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernel as unknown as KernelFunc })
}

function gradientFrom(stock: GradConfig): GradConfig['gradFunc'] {
  return (dy, saved, attrs) => {
    if (engine().backendName !== 'wasm') return stock.gradFunc(dy, saved, attrs)
    return { logits: (): Tensor => engine().runKernel(GRADIENT, { y: saved[0], dy: dy as Tensor }) }
  }
}

/** y, softmax's values, and dy of one shape → y · (dy − Σ y · dy). */
function gradient({ inputs: { y, dy }, backend }: KernelCall, { functions }: Pack): TensorInfo {
  const out = backend.makeOutput(y.shape, 'float32')
  const [values, slopes, to] = [y, dy, out].map((tensor) => addressOf(backend, tensor))
  functions.softmaxGradient(...rowsOf(y), values, slopes, to)
  return out
}

/** Whether the active backend has the operation. */
export const hasCrossEntropy = (): boolean =>
  getBackend() === 'wasm' && getKernel(CROSS_ENTROPY, 'wasm') != null

/**
 * logits [rows, n], a class from 0 to n − 1 for each row → slopes [rows, n], the derivative of the mean of
 * −log softmax(logits)[class], and totals [rows, 2]: the logarithm of the first plus the second is the row's loss.
 */
export function crossEntropy(logits: Tensor, classes: Int32Array): [slopes: Tensor, totals: Tensor] {
  const inputs = { logits, classes: tensor1d(classes, 'int32') }
  return engine().runKernel(CROSS_ENTROPY, inputs) as unknown as [Tensor, Tensor]
}

/** The sum of the losses of rows, from their totals. */
export function lossOfTotals(totals: Float32Array): number {
  let sum = 0
  for (let i = 0; i < totals.length; i += 2) sum += Math.log(totals[i]) + totals[i + 1]
  return sum
}

function slopesAndTotals({ inputs, backend }: KernelCall, { functions }: Pack): TensorInfo[] {
  const { logits, classes } = inputs
  const [rows, n] = rowsOf(logits)
  const made = [logits.shape, [rows, 2]].map((shape) => backend.makeOutput(shape, 'float32'))
  const [from, by, slopes, totals] = [logits, classes, ...made].map((tensor) => addressOf(backend, tensor))
  functions.crossEntropy(rows, n, from, by, slopes, totals)
  return made
}
