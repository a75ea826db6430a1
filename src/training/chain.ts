/**
 * Training steps of networks that are chains of layers which our kernels know: dense layers, 2-D convolutions, ReLU and max
 * pooling. Forward and backward on memory set aside once (src/compute/wasm/chain), with the values and gradients of the
 * operations' tape, which other networks take.
 */
import { crossEntropyOf } from '../compute/wasm/chain/crossEntropy.ts'
import { chainOf, hasChains } from '../compute/wasm/chain/index.ts'
import { layerTypes } from '../model/layers/index.ts'
import { sizeOf } from '../model/layers/common.ts'
import { classesOf } from './hostLoss.ts'
import { lossFor } from './loss.ts'
import type { ExampleBatch } from './batches.ts'
import type { Loss } from './loss.ts'
import type { Chain, ChainLoss } from '../compute/wasm/chain/index.ts'
import type { ChainLayer, Window } from '../compute/wasm/chain/types.ts'
import type { BuiltModel } from '../model/build.ts'
import type { Shape } from '../model/layers/common.ts'
import type { ModelPlan } from '../model/topology/plan.ts'
import type { TopologyLayer } from '../model/topology/types.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** A network's steps, one after the other. */
export class ChainSteps {
  readonly #layers: readonly ChainLayer[]
  readonly #inputs: number
  readonly #width: number
  readonly #loss: Loss
  #chain: Chain | null = null

  constructor(layers: readonly ChainLayer[], { plan, loss }: { plan: ModelPlan; loss: Loss }) {
    this.#layers = layers
    this.#inputs = sizeOf(plan.topology.input)
    this.#width = plan.output[0]
    this.#loss = loss
  }

  /**
   * Forward and backward.
   *
   * @param use - gets the gradients of the mean loss, in the order of the layout's trained weights; good during the call
   * @returns the sum of the losses
   */
  step({ features, targets, count }: ExampleBatch, use: (gradients: readonly Tensor[]) => void): number {
    const chain = this.#chainFor(count)
    const loss = chain.step(features, count, this.#lossOf(targets))
    use(chain.gradients)
    return loss
  }

  /** A whole step of plain SGD, in the weights' memory: w ← w − rate · gradient. @returns the sum of the losses */
  descend({ features, targets, count }: ExampleBatch, rate: number): number {
    return this.#chainFor(count).descend(features, count, this.#lossOf(targets), rate)
  }

  dispose(): void {
    this.#chain?.dispose()
    this.#chain = null
  }

  #chainFor(count: number): Chain {
    if (this.#chain != null && this.#chain.most >= count) return this.#chain
    this.dispose()
    return (this.#chain = chainOf(this.#layers, { inputs: this.#inputs, most: count }))
  }

  #lossOf(targets: Float32Array): ChainLoss {
    const [loss, width] = [this.#loss, this.#width]
    if (loss === lossFor('categoricalCrossentropy')) return crossEntropyOf(classesOf(targets, width))
    return (output, slopes) => loss({ logits: output.view(), targets, width }, slopes.view())
  }
}

/** The steps of a network on the active backend; null where its layers, or the backend, are others. */
export function chainSteps(plan: ModelPlan, built: BuiltModel, loss: Loss): ChainSteps | null {
  if (!hasChains()) return null
  const layers = chainLayers(plan, built)
  return layers == null ? null : new ChainSteps(layers, { plan, loss })
}

/** Null where a layer is none of those, or takes not only what the one before it gives, or stays as it is. */
function chainLayers(plan: ModelPlan, built: BuiltModel): ChainLayer[] | null {
  const { topology } = plan
  const [first, ...others] = topology.layers
  const variables = new Map(built.layout.entries.map(({ name }, i) => [name, built.variables[i]]))
  const layers: ChainLayer[] = []
  let [before, shape]: [string, Shape] = [first.name, topology.input]
  for (const layer of others) {
    if (layer.inbound.join() !== before || !layer.trainable) return null
    const type = layerTypes.get(layer.className)!
    const config = type.config.parse(layer.config)
    const { output } = type.effect(config, [shape])
    const known = chainLayer(layer, {
      config,
      isLast: layer.name === topology.output,
      weight: (name) => variables.get(`${layer.name}/${name}`) ?? null,
      input: shape,
      output
    })
    if (known == null) return null
    layers.push(...known)
    ;[before, shape] = [layer.name, output]
  }
  return before === topology.output && layers.at(-1)?.kind === 'dense' ? layers : null
}

interface Found {
  /** As the layer type's schema gives it. */
  config: Record<string, unknown>
  /** Its activation is part of the loss. */
  isLast: boolean
  weight(name: string): Tensor | null
  input: Shape
  output: Shape
}

/** None for what only changes shapes; null for what is not known. */
function chainLayer({ className }: TopologyLayer, found: Found): ChainLayer[] | null {
  const { config, isLast, input, weight } = found
  const activation = isLast ? 'linear' : (config['activation'] ?? 'linear')
  const isKnown = activation === 'linear' || activation === 'relu'
  const [relu, bias] = [activation === 'relu', weight('bias')]
  if (className === 'Flatten' || className === 'Reshape') return []
  if (className === 'MaxPooling2D') return [{ kind: 'pool', window: windowOf(found, 'pool_size') }]
  if (!isKnown) return null
  if (className === 'Dense' && input.length === 1)
    return [{ kind: 'dense', kernel: weight('kernel')!, bias, relu }]
  if (className === 'Conv2D')
    return [{ kind: 'conv', window: windowOf(found, 'kernel_size'), kernel: weight('kernel')!, bias, relu }]
  return null
}

/** A pooling layer that names no strides moves by its size. */
function windowOf({ config, input, output }: Found, sizeField: string): Window {
  const [size, strides] = [config[sizeField], config['strides']] as [Pair, Pair]
  return {
    input: input as Window['input'],
    output: output as Window['output'],
    size,
    strides: [strides[0] || size[0], strides[1] || size[1]],
    padding: config['padding'] as Window['padding']
  }
}

type Pair = [number, number]
