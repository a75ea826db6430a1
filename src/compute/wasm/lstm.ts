/**
 * A whole LSTM layer as one operation with one gradient. TensorFlow.js computes it moment by moment, some 25 operations
 * each and twice as many backward.
 */
import { customGrad, engine, getBackend, getKernel, registerKernel } from '@tensorflow/tfjs-core'
import { addressOf, floatsOf } from './heap.ts'
import type { KernelCall, WasmBackend } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { KernelFunc, NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'

/** What a layer computes with: kernel [features, 4·units], recurrent [units, 4·units], bias [4·units] if any. */
export interface LstmWeights {
  kernel: Tensor
  recurrent: Tensor
  bias: Tensor | null
}

export interface LstmOptions {
  /** Gates by the hard sigmoid instead of the sigmoid. */
  hard: boolean
  /** All moments' outputs [batch, steps, units] instead of the last one's [batch, units]. */
  returnSequences: boolean
}

const FORWARD = 'MurmurLstm'
const BACKWARD = 'MurmurLstmGrad'

/** Whether the active backend has the operation, for layers of so many units. */
export const hasLstm = (units: number): boolean =>
  getBackend() === 'wasm' && getKernel(FORWARD, 'wasm') != null && units % 4 === 0

/** x [batch, steps, features] → the outputs, with tanh as activation. */
export function lstm(x: Tensor, { kernel, recurrent, bias }: LstmWeights, options: LstmOptions): Tensor {
  const weights = bias == null ? [kernel, recurrent] : [kernel, recurrent, bias]
  const attrs = { ...options, hasBias: bias != null }
  const run = (name: string, tensors: NamedTensorMap): Tensor[] =>
    engine().runKernel(name, tensors, attrs) as Tensor[]
  return customGrad((...args) => {
    const [x, kernel, recurrent, bias] = args.slice(0, 1 + weights.length) as Tensor[]
    const save = args[1 + weights.length] as unknown as (tensors: Tensor[]) => void
    const inputs = { x, kernel, recurrent, ...(bias && { bias }) }
    const [value, hidden, cells, gates] = run(FORWARD, inputs)
    save([x, kernel, recurrent, hidden, cells, gates])
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [x, kernel, recurrent, hidden, cells, gates] = saved
      return run(BACKWARD, { x, kernel, recurrent, hidden, cells, gates, dy })
    }
    return { value, gradFunc: gradFunc as never }
  })(x, ...weights)
}

/** Register the kernels behind `lstm`. Idempotent. */
export function registerLstm(pack: Pack): void {
  if (getKernel(FORWARD, 'wasm') != null) return
  for (const [kernelName, kernel] of [
    [FORWARD, forward],
    [BACKWARD, backward]
  ] as const) {
    const kernelFunc = ((call: KernelCall) => kernel(call, pack)) as unknown as KernelFunc
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc })
  }
}

interface Attrs extends LstmOptions {
  hasBias: boolean
}

/** [batch, steps, features, units] */
type Sizes = [number, number, number, number]

const sizesOf = ({ x, recurrent }: Record<string, TensorInfo>): Sizes => [
  ...(x.shape as [number, number, number]),
  recurrent.shape[0]
]

/** → outputs, hidden and cells [steps + 1, batch, units], gates [steps, batch, 4·units]. */
function forward({ inputs, attrs, backend }: KernelCall, { functions, scratch }: Pack): TensorInfo[] {
  const { hard, returnSequences } = attrs as Attrs
  const sizes = sizesOf(inputs)
  const [batch, steps, , units] = sizes
  const output = returnSequences ? [batch, steps, units] : [batch, units]
  const states = [steps + 1, batch, units]
  const made = [output, states, states, [steps, batch, 4 * units]].map((shape) =>
    backend.makeOutput(shape, 'float32')
  )
  const free = scratch(functions.lstmScratchBytes(batch, units))
  const at = (tensor: TensorInfo | undefined): number => (tensor == null ? 0 : addressOf(backend, tensor))
  const { x, kernel, recurrent, bias } = inputs
  const [y, hidden, cells, gates] = made
  const weights = [at(kernel), at(recurrent), at(bias)] as const
  functions.lstm(...sizes, at(x), ...weights, at(hidden), at(cells), at(gates), hard ? 1 : 0, free)
  copyOutputs(backend, { hidden, y }, sizes)
  return made
}

/** From hidden, time by time, to y, batch by batch: all moments, or the last one if y has no more. */
function copyOutputs(
  backend: WasmBackend,
  { hidden, y }: { hidden: TensorInfo; y: TensorInfo },
  [batch, steps, , units]: Sizes
): void {
  const [from, to] = [floatsOf(backend, hidden), floatsOf(backend, y)]
  if (y.shape.length === 2) return to.set(from.subarray(steps * batch * units))
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      const at = ((t + 1) * batch + b) * units
      to.set(from.subarray(at, at + units), (b * steps + t) * units)
    }
  }
}

/** → the gradients of x, kernel, recurrent and, if there is one, bias. */
function backward({ inputs, attrs, backend }: KernelCall, { functions, scratch }: Pack): TensorInfo[] {
  const { hard, hasBias, returnSequences } = attrs as Attrs
  const { x, kernel, recurrent, hidden, cells, gates, dy } = inputs
  const sizes = sizesOf(inputs)
  const [batch, steps, , units] = sizes
  const shapes = [x.shape, kernel.shape, recurrent.shape, ...(hasBias ? [[4 * units]] : [])]
  const gradients = shapes.map((shape) => backend.makeOutput(shape, 'float32'))
  const room = backend.makeOutput([steps, batch, 4 * units], 'float32')
  const free = scratch(functions.lstmScratchBytes(batch, units))
  const [read, written] = [
    [x, kernel, recurrent, hidden, cells, gates, dy],
    [...gradients.slice(0, 3), gradients[3] ?? null, room]
  ].map((tensors) => tensors.map((tensor) => (tensor == null ? 0 : addressOf(backend, tensor))))
  const dySteps = returnSequences ? steps : 1
  functions.lstmGradient(...sizes, ...read, dySteps, ...written, hard ? 1 : 0, free)
  backend.disposeData(room.dataId)
  return gradients
}
