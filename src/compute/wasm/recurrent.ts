/**
 * A whole LSTM or GRU layer as one operation with one gradient. TensorFlow.js computes it moment by moment, some 25
 * operations each and twice as many backward.
 */
import { customGrad, engine, getBackend, getKernel, registerKernel } from '@tensorflow/tfjs-core'
import { addressOf, floatsOf } from './heap.ts'
import type { KernelCall, WasmBackend } from './heap.ts'
import type { Pack, PackFunctions } from './pack/index.ts'
import type { KernelFunc, NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'

/** Which layer, by its class name. */
export type RecurrentClass = 'LSTM' | 'GRU'

/** What a layer computes with: kernel [features, gates·units], recurrent [units, gates·units], bias [gates·units] if any. */
export interface RecurrentWeights {
  kernel: Tensor
  recurrent: Tensor
  bias: Tensor | null
}

export interface RecurrentOptions {
  /** Gates by the hard sigmoid instead of the sigmoid. */
  hard: boolean
  /** All moments' outputs [batch, steps, units] instead of the last one's [batch, units]. */
  returnSequences: boolean
}

/** What tells one class from another. */
interface Kind {
  /** Blocks of `units` columns that the kernels have. */
  gates: number
  /** Of what is remembered besides outputs and gates there are so many moments more than steps. */
  before: number
  forward(functions: PackFunctions): (...sizesAndAddresses: number[]) => void
  backward(functions: PackFunctions): (...sizesAndAddresses: number[]) => void
  scratchBytes(functions: PackFunctions, batch: number, units: number): number
}

const kinds: Record<RecurrentClass, Kind> = {
  // Remembers its cells.
  LSTM: {
    gates: 4,
    before: 1,
    forward: ({ lstm }) => lstm,
    backward: ({ lstmGradient }) => lstmGradient,
    scratchBytes: ({ lstmScratchBytes }, batch, units) => lstmScratchBytes(batch, units)
  },
  // Remembers what its reset gate let through.
  GRU: {
    gates: 3,
    before: 0,
    forward: ({ gru }) => gru,
    backward: ({ gruGradient }) => gruGradient,
    scratchBytes: ({ gruScratchBytes }, batch, units) => gruScratchBytes(batch, units)
  }
}

const forwardOf = (layer: RecurrentClass): string => `Murmur${layer}`
const backwardOf = (layer: RecurrentClass): string => `Murmur${layer}Grad`

/** Whether the active backend has the operation. */
export const hasRecurrent = (): boolean =>
  getBackend() === 'wasm' && getKernel(forwardOf('LSTM'), 'wasm') != null

/** x [batch, steps, features] → the outputs, with tanh as activation. */
export function recurrent(
  layer: RecurrentClass,
  { x, weights: { kernel, recurrent, bias } }: { x: Tensor; weights: RecurrentWeights },
  options: RecurrentOptions
): Tensor {
  const weights = bias == null ? [kernel, recurrent] : [kernel, recurrent, bias]
  const attrs = { ...options, hasBias: bias != null }
  const run = (name: string, tensors: NamedTensorMap): Tensor[] =>
    engine().runKernel(name, tensors, attrs) as Tensor[]
  return customGrad((...args) => {
    const [x, kernel, recurrent, bias] = args.slice(0, 1 + weights.length) as Tensor[]
    const save = args[1 + weights.length] as unknown as (tensors: Tensor[]) => void
    const inputs = { x, kernel, recurrent, ...(bias && { bias }) }
    const [value, hidden, memory, gates] = run(forwardOf(layer), inputs)
    save([x, kernel, recurrent, hidden, memory, gates])
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [x, kernel, recurrent, hidden, memory, gates] = saved
      return run(backwardOf(layer), { x, kernel, recurrent, hidden, memory, gates, dy })
    }
    return { value, gradFunc: gradFunc as never }
  })(x, ...weights)
}

/** Register the kernels behind `recurrent`. Idempotent. */
export function registerRecurrent(pack: Pack): void {
  if (hasRecurrent()) return
  for (const layer of ['LSTM', 'GRU'] as const) {
    register(forwardOf(layer), (call) => forward(call, kinds[layer], pack))
    register(backwardOf(layer), (call) => backward(call, kinds[layer], pack))
  }
}

function register(kernelName: string, kernel: (call: KernelCall) => TensorInfo[]): void {
  registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernel as unknown as KernelFunc })
}

interface Attrs extends RecurrentOptions {
  hasBias: boolean
}

/** [batch, steps, features, units] */
type Sizes = [number, number, number, number]

const sizesOf = ({ x, recurrent }: Record<string, TensorInfo>): Sizes => [
  ...(x.shape as [number, number, number]),
  recurrent.shape[0]
]

/** → outputs, hidden [steps + 1, batch, units], memory [steps + before, batch, units], gates [steps, batch, gates·units]. */
function forward(
  { inputs, attrs, backend }: KernelCall,
  kind: Kind,
  { functions, scratch }: Pack
): TensorInfo[] {
  const { hard, returnSequences } = attrs as Attrs
  const sizes = sizesOf(inputs)
  const [batch, steps, , units] = sizes
  const output = returnSequences ? [batch, steps, units] : [batch, units]
  const states = [steps + 1, steps + kind.before].map((moments) => [moments, batch, units])
  const made = [output, ...states, [steps, batch, kind.gates * units]].map((shape) =>
    backend.makeOutput(shape, 'float32')
  )
  const free = scratch(kind.scratchBytes(functions, batch, units))
  const at = (tensor: TensorInfo | undefined): number => (tensor == null ? 0 : addressOf(backend, tensor))
  const { x, kernel, recurrent, bias } = inputs
  const [y, hidden, memory, gates] = made
  const addresses = [x, kernel, recurrent, bias, hidden, memory, gates].map(at)
  kind.forward(functions)(...sizes, ...addresses, hard ? 1 : 0, free)
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
function backward(
  { inputs, attrs, backend }: KernelCall,
  kind: Kind,
  { functions, scratch }: Pack
): TensorInfo[] {
  const { hard, hasBias, returnSequences } = attrs as Attrs
  const { x, kernel, recurrent, hidden, memory, gates, dy } = inputs
  const sizes = sizesOf(inputs)
  const [batch, steps, , units] = sizes
  const shapes = [x.shape, kernel.shape, recurrent.shape, ...(hasBias ? [[kind.gates * units]] : [])]
  const gradients = shapes.map((shape) => backend.makeOutput(shape, 'float32'))
  const room = backend.makeOutput(gates.shape, 'float32')
  const free = scratch(kind.scratchBytes(functions, batch, units))
  const [read, written] = [
    [x, kernel, recurrent, hidden, memory, gates, dy],
    [...gradients.slice(0, 3), gradients[3] ?? null, room]
  ].map((tensors) => tensors.map((tensor) => (tensor == null ? 0 : addressOf(backend, tensor))))
  const dySteps = returnSequences ? steps : 1
  kind.backward(functions)(...sizes, ...read, dySteps, ...written, hard ? 1 : 0, free)
  backend.disposeData(room.dataId)
  return gradients
}
