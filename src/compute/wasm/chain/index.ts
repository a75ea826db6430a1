/**
 * Layers one behind the other, forward and backward without TensorFlow.js' operations and its tape: the same kernels in the
 * same order, on memory that is set aside once and used again each step. What that saves is 0.1 ms a step and more: a third
 * of a small network's.
 */
import { backend, getBackend, keep, tidy, zeros } from '@tensorflow/tfjs-core'
import { addressOf, sizeOf } from '../heap.ts'
import { installedPack } from '../index.ts'
import { outputSize, stageOf } from './stages.ts'
import type { WasmBackend } from '../heap.ts'
import type { Pack } from '../pack/index.ts'
import type { ChainLayer, Stage, Workshop } from './types.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** A chain at work. */
export interface Chain {
  /**
   * Forward and backward, which fills `gradients`.
   *
   * @param features - count × inputs
   * @returns what `lossOf` does
   */
  step(features: Float32Array, count: number, lossOf: ChainLoss): number
  /** The same, but it moves the weights at once: w ← w − rate · gradient. `gradients` holds nothing of use then. */
  descend(features: Float32Array, count: number, lossOf: ChainLoss, rate: number): number
  /** The most examples of a step. */
  readonly most: number
  /** Of the mean loss by the weights, layer by layer, kernel before bias; good until the next step. */
  readonly gradients: readonly Tensor[]
  dispose(): void
}

/** Fills the derivatives of the mean loss by the output, both count × outputs, and returns the loss. */
export type ChainLoss = (output: Values, slopes: Values, pack: Pack) => number

/** Values on the heap. */
export interface Values {
  /** Address of the first. */
  at: number
  length: number
  /** Valid until the heap grows. */
  view(): Float32Array
}

/** Whether the active backend has what chains need. */
export const hasChains = (): boolean => getBackend() === 'wasm' && installedPack() != null

/** A chain for batches of up to `most` examples of `inputs` values. */
export function chainOf(layers: readonly ChainLayer[], sizes: { inputs: number; most: number }): Chain {
  const pack = installedPack()
  if (pack == null || !hasChains()) throw new Error('A chain works on the wasm backend with the kernel pack')
  return new PackChain(layers, sizes, workshopOf(pack))
}

const workshopOf = (pack: Pack): Workshop => ({
  pack,
  backend: backend() as unknown as WasmBackend
})

class PackChain implements Chain {
  readonly most: number
  readonly gradients: readonly Tensor[]
  readonly #workshop: Workshop
  readonly #stages: Stage[]
  /** What goes in, what comes out, and the derivatives by that. */
  readonly #ends: [input: Tensor, output: Tensor, slopes: Tensor]
  readonly #kept: Tensor[]

  constructor(
    layers: readonly ChainLayer[],
    { inputs, most }: { inputs: number; most: number },
    workshop: Workshop
  ) {
    this.#workshop = workshop
    this.most = most
    // What goes into each layer, and out of the last; the derivatives by each but the first.
    const sizes = [inputs, ...layers.map(outputSize)]
    const values = sizes.map((size) => room(most * size))
    const slopes = sizes.slice(1).map((size) => room(most * size))
    const weights = layers.map(weightsOf)
    const gradients = weights.map((each) => each.map(({ shape }) => room(sizeOf(shape))))
    this.gradients = gradients.flat()
    // Of dense layers: the numbers of inputs, and inputs gathered.
    const gathers = layers.map((layer, i) => (layer.kind === 'dense' ? room((most + 1) * sizes[i]) : null))
    this.#kept = [...values, ...slopes, ...this.gradients, ...gathers.filter((each) => each != null)]
    this.#ends = [values[0], values[layers.length], slopes[layers.length - 1]]
    const at = (tensor: Tensor): number => addressOf(workshop.backend, tensor)
    this.#stages = layers.map((layer, i) => {
      const isAsked = weights.slice(0, i).some((each) => each.length > 0)
      const inputs = { x: at(values[i]), dx: isAsked ? at(slopes[i - 1]) : 0 }
      const outputs = { y: at(values[i + 1]), dy: at(slopes[i]), gradients: gradients[i].map(at) }
      const columns = gathers[i] == null ? 0 : at(gathers[i])
      const gathering = { columns, gathered: columns + 4 * sizes[i] }
      return stageOf(layer, { ...inputs, ...outputs, ...gathering }, workshop)
    })
  }

  step(features: Float32Array, count: number, lossOf: ChainLoss): number {
    const loss = this.#forward(features, count, lossOf)
    for (const stage of this.#stages.toReversed()) stage.backward(count)
    return loss
  }

  descend(features: Float32Array, count: number, lossOf: ChainLoss, rate: number): number {
    const loss = this.#forward(features, count, lossOf)
    for (const stage of this.#stages.toReversed()) stage.descend(count, rate)
    return loss
  }

  #forward(features: Float32Array, count: number, lossOf: ChainLoss): number {
    const [input, output, slopes] = this.#ends
    this.#valuesOf(input, count).view().set(features)
    for (const stage of this.#stages) stage.forward(count)
    return lossOf(this.#valuesOf(output, count), this.#valuesOf(slopes, count), this.#workshop.pack)
  }

  dispose(): void {
    for (const tensor of this.#kept) tensor.dispose()
  }

  /** Those of the first `count` examples. */
  #valuesOf(tensor: Tensor, count: number): Values {
    const { backend } = this.#workshop
    const at = addressOf(backend, tensor)
    const length = (tensor.size / this.most) * count
    return { at, length, view: () => new Float32Array(backend.wasm.HEAPU8.buffer, at, length) }
  }
}

/** Those of a layer, kernel before bias. */
export function weightsOf(layer: ChainLayer): Tensor[] {
  if (layer.kind === 'pool') return []
  return layer.bias == null ? [layer.kernel] : [layer.kernel, layer.bias]
}

/** Memory that stays where it is. */
const room = (size: number): Tensor => tidy(() => keep(zeros([size])))
