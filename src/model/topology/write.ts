/** Back from a checked topology to the JSON that TensorFlow.js and Keras read. */
import { layerTypes } from '../layers/index.ts'
import type { Topology, TopologyLayer } from './types.ts'

export interface WriteOptions {
  /** Zeros for every initializer: the weights are set afterwards, drawing them would be wasted. */
  zeroInitializers?: boolean
  /** Leave the activation of the output layer out: losses take logits, which is faster and numerically safer. */
  logits?: boolean
}

/** A Keras `model_config`: `{ class_name, config }`. */
export interface ModelConfig {
  class_name: 'Sequential' | 'Model'
  config: Record<string, unknown>
}

/** Write the topology with its checked layers only. */
export function writeTopology(topology: Topology, options: WriteOptions = {}): ModelConfig {
  const layers = topology.layers.map((layer) => writeLayer(layer, topology, options))
  const name = 'murmuration'
  if (topology.kind === 'Sequential') {
    const chain = layers.map(({ class_name, config }) => ({ class_name, config }))
    return { class_name: 'Sequential', config: { name, layers: chain } }
  }
  const ends = { input_layers: [[topology.layers[0].name, 0, 0]], output_layers: [[topology.output, 0, 0]] }
  return { class_name: 'Model', config: { name, layers, ...ends } }
}

interface LayerJson {
  class_name: string
  name: string
  config: Record<string, unknown>
  inbound_nodes: unknown[]
}

function writeLayer(layer: TopologyLayer, topology: Topology, options: WriteOptions): LayerJson {
  const shape =
    layer.inbound.length === 0 ? { batch_input_shape: [null, ...topology.input], dtype: 'float32' } : {}
  const config = options.zeroInitializers === true ? withZeros(layer) : layer.config
  // Keras' default is the last axis, TensorFlow.js' is axis 1.
  const defaults = layer.className === 'Softmax' ? { axis: -1 } : {}
  const isBare = options.logits === true && layer.name === topology.output
  const { className, options: bare } = isBare
    ? withoutActivation(layer)
    : { className: layer.className, options: {} }
  return {
    class_name: className,
    name: layer.name,
    config: { name: layer.name, trainable: layer.trainable, ...shape, ...defaults, ...config, ...bare },
    inbound_nodes: layer.inbound.length > 0 ? [layer.inbound.map((name) => [name, 0, 0, {}])] : []
  }
}

/** The activation of the model's output, if it is in a place where `logits` can leave it out. */
export function outputActivation(topology: Topology): string | undefined {
  const last = topology.layers.find((layer) => layer.name === topology.output)
  if (last?.className === 'Softmax') return 'softmax'
  if (last?.className !== 'Dense' && last?.className !== 'Activation') return undefined
  return (last.config['activation'] as string | undefined) ?? 'linear'
}

function withoutActivation(layer: TopologyLayer): { className: string; options: Record<string, unknown> } {
  const className = layer.className === 'Softmax' ? 'Activation' : layer.className
  return { className, options: { activation: 'linear' } }
}

function withZeros({ className, config }: TopologyLayer): Record<string, unknown> {
  const options = [...(layerTypes.get(className)?.options ?? [])]
  const initializers = options.filter((option) => option.endsWith('_initializer'))
  const zeros = initializers.map((option) => [option, { class_name: 'Zeros', config: {} }] as const)
  return { ...config, ...Object.fromEntries(zeros) }
}
