/** Sizes of a model, worked out layer by layer before anything is allocated. */
import { MAX_PARAMETERS } from '../../federation/manifest/schema.ts'
import { InvalidTopologyError, ModelTooLargeError } from '../errors.ts'
import { sizeOf } from '../layers/common.ts'
import { layerTypes } from '../layers/index.ts'
import type { LayerEffect, LayerWeight, Shape } from '../layers/common.ts'
import type { Topology, TopologyLayer } from './types.ts'

/** The most values that one layer may put out for one example: 64 MiB. */
export const MAX_LAYER_VALUES = 16 * 1024 * 1024
/** The most multiply-adds of one example: about two seconds of one core. */
export const MAX_OPERATIONS = 2 ** 36

/** What a topology comes to. */
export interface ModelPlan {
  topology: Topology
  /** Shape of the output for one example. */
  output: Shape
  /** Weights of each layer by its name, in TensorFlow.js' order. */
  weights: ReadonlyMap<string, LayerWeight[]>
  /** All weights, trained or not. */
  parameters: number
  /** Multiply-adds of one example's forward pass, roughly. */
  operations: number
  /** Values that the largest layer puts out for one example. */
  largestOutput: number
}

/**
 * Size a topology.
 *
 * @throws {InvalidTopologyError} shapes that do not fit together
 * @throws {ModelTooLargeError} over a cap
 */
export function planModel(topology: Topology): ModelPlan {
  const outputs = new Map<string, Shape>()
  const weights = new Map<string, LayerWeight[]>()
  let [parameters, operations, largestOutput] = [0, 0, sizeOf(topology.input)]
  for (const layer of topology.layers) {
    const inputs = layer.inbound.map((name) => outputs.get(name) ?? [])
    const effect = effectOf(layer, inputs.length > 0 ? inputs : [topology.input])
    parameters += effect.weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
    operations += effect.operations
    check(effect, parameters, operations)
    largestOutput = Math.max(largestOutput, sizeOf(effect.output))
    outputs.set(layer.name, effect.output)
    weights.set(layer.name, trainableAs(layer, effect.weights))
  }
  const output = outputs.get(topology.output) ?? []
  return { topology, output, weights, parameters, operations, largestOutput }
}

function effectOf(layer: TopologyLayer, inputs: Shape[]): LayerEffect {
  const type = layerTypes.get(layer.className)
  try {
    if (type == null) throw new Error(`layer class '${layer.className}' is not allowed`)
    return type.effect(type.config.parse(layer.config), inputs)
  } catch (cause) {
    const place = `layer '${layer.name}' (${layer.className})`
    throw new InvalidTopologyError(place, (cause as Error).message, { cause })
  }
}

function check({ output }: LayerEffect, parameters: number, operations: number): void {
  if (parameters > MAX_PARAMETERS) throw new ModelTooLargeError('parameters', parameters, MAX_PARAMETERS)
  if (sizeOf(output) > MAX_LAYER_VALUES) {
    throw new ModelTooLargeError('values in one layer for one example', sizeOf(output), MAX_LAYER_VALUES)
  }
  if (operations > MAX_OPERATIONS)
    throw new ModelTooLargeError('multiply-adds an example', operations, MAX_OPERATIONS)
}

const trainableAs = (layer: TopologyLayer, weights: LayerWeight[]): LayerWeight[] =>
  layer.trainable ? weights : weights.map((weight) => ({ ...weight, trainable: false }))
