/** Layer normalisation over the last axis as one operation with one gradient; TensorFlow.js composes it of some 30. */
import { customGrad, engine, getBackend, getKernel, registerKernel } from '@tensorflow/tfjs-core'
import { addressOf, sizeOf } from './heap.ts'
import type { KernelCall, WasmBackend } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { KernelFunc, NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'

/** What rows are scaled by and moved to after normalisation, [n] each, if anything. */
export interface NormWeights {
  gamma: Tensor | null
  beta: Tensor | null
}

const FORWARD = 'MurmurLayerNorm'
const BACKWARD = 'MurmurLayerNormGrad'

/** Whether the active backend has the operation. */
export const hasLayerNorm = (): boolean => getBackend() === 'wasm' && getKernel(FORWARD, 'wasm') != null

/** x [..., n] → (x − mean) / √(variance + epsilon) · gamma + beta, each row by its own mean and variance. */
export function layerNorm(x: Tensor, { gamma, beta }: NormWeights, epsilon: number): Tensor {
  const named: [string, Tensor | null][] = [
    ['gamma', gamma],
    ['beta', beta]
  ]
  const weights = named.filter((entry): entry is [string, Tensor] => entry[1] != null)
  const attrs = { epsilon, hasBeta: beta != null }
  const run = (name: string, tensors: NamedTensorMap): Tensor[] =>
    engine().runKernel(name, tensors, attrs) as Tensor[]
  return customGrad((...args) => {
    const x = args[0] as Tensor
    const given = Object.fromEntries(weights.map(([name], i) => [name, args[1 + i] as Tensor]))
    const save = args[1 + weights.length] as unknown as (tensors: Tensor[]) => void
    const [value, means, scales] = run(FORWARD, { x, ...given })
    save([x, means, scales, ...(gamma == null ? [] : [given['gamma']])])
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [x, means, scales, gamma] = saved
      return run(BACKWARD, { x, means, scales, dy, ...(gamma && { gamma }) })
    }
    return { value, gradFunc: gradFunc as never }
  })(x, ...weights.map(([, tensor]) => tensor))
}

/** Register the kernels behind `layerNorm`. Idempotent. */
export function registerLayerNorm(pack: Pack): void {
  if (getKernel(FORWARD, 'wasm') != null) return
  for (const [kernelName, kernel] of [
    [FORWARD, forward],
    [BACKWARD, backward]
  ] as const) {
    const kernelFunc = ((call: KernelCall) => kernel(call, pack)) as unknown as KernelFunc
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc })
  }
}

interface Attrs {
  epsilon: number
  hasBeta: boolean
}

/** [rows, n] of a tensor whose last axis is normalised. */
function rowsOf({ shape }: TensorInfo): [rows: number, n: number] {
  return [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]]
}

/** The address, 0 where there is no such tensor. */
const at = (backend: WasmBackend, tensor: TensorInfo | undefined): number =>
  tensor == null ? 0 : addressOf(backend, tensor)

/** → y like x, and of each row what it was moved and scaled by. */
function forward({ inputs, attrs, backend }: KernelCall, { functions }: Pack): TensorInfo[] {
  const { x, gamma, beta } = inputs
  const [rows, n] = rowsOf(x)
  const made = [x.shape, [rows], [rows]].map((shape) => backend.makeOutput(shape, 'float32'))
  const [from, by, to] = [x, gamma, beta].map((tensor) => at(backend, tensor))
  const [y, means, scales] = made.map((tensor) => at(backend, tensor))
  functions.layerNorm(rows, n, from, by, to, (attrs as Attrs).epsilon, y, means, scales)
  return made
}

/** → the gradients of x and, where they are there, gamma and beta. */
function backward({ inputs, attrs, backend }: KernelCall, { functions }: Pack): TensorInfo[] {
  const { x, means, scales, dy, gamma } = inputs
  const [rows, n] = rowsOf(x)
  const make = (shape: number[]): TensorInfo => backend.makeOutput(shape, 'float32')
  const dx = make(x.shape)
  const [dGamma, dBeta] = [gamma != null, (attrs as Attrs).hasBeta].map((has) =>
    has ? make([n]) : undefined
  )
  const read = [x, gamma, means, scales, dy].map((tensor) => at(backend, tensor))
  const written = [dx, dGamma, dBeta].map((tensor) => at(backend, tensor))
  functions.layerNormGradient(rows, n, ...read, ...written)
  return [dx, dGamma, dBeta].filter((tensor) => tensor != null)
}
