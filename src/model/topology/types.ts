/** A model's topology, checked: a chain or graph of allowed layers with one input and one output. */
import type { Shape } from '../layers/common.ts'

export interface TopologyLayer {
  className: string
  name: string
  /** Keras options, only those that the layer type knows, as written. */
  config: Record<string, unknown>
  trainable: boolean
  /** Names of the layers whose outputs it takes; empty for the input. */
  inbound: string[]
}

export interface Topology {
  kind: 'Sequential' | 'Model'
  /** In an order in which each layer comes after its inputs; the first is the InputLayer. */
  layers: TopologyLayer[]
  /** Shape of one example. */
  input: Shape
  /** Name of the layer whose output is the model's. */
  output: string
}
