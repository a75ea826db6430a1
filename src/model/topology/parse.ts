/** From JSON to a checked topology: allowed layers and options only, names unique, one input, one output, no cycle. */
import { z } from 'zod'
import { describeIssues } from '../../federation/cbor.ts'
import { InvalidTopologyError } from '../errors.ts'
import { layerTypes } from '../layers/index.ts'
import { readTopologyJson } from './json.ts'
import type { Shape } from '../layers/common.ts'
import type { LayerJson, ModelJson } from './json.ts'
import type { Topology, TopologyLayer } from './types.ts'

type FunctionalJson = Extract<ModelJson, { class_name: 'Model' | 'Functional' }>

/** Options of every layer that say nothing about the computation. */
const ignoredOptions = new Set([
  'name',
  'dtype',
  'input_dtype',
  'trainable',
  'batch_input_shape',
  'batch_shape'
])

const inputShapeField = z
  .tuple([z.null(), z.int().min(1)])
  .rest(z.int().min(1))
  .optional()

/**
 * Check a topology's text.
 *
 * @param input - shape of one example, taken where the topology names none
 * @throws {InvalidTopologyError}
 */
export function parseTopology(text: string, input: Shape): Topology {
  const json = readTopologyJson(text)
  return json.class_name === 'Sequential'
    ? sequential(json.config.layers, input)
    : functional(json.config, input)
}

function sequential(json: LayerJson[], input: Shape): Topology {
  const declared = declaredShape(json[0])
  const rest = json[0].class_name === 'InputLayer' ? json.slice(1) : json
  const first = inputLayer(json.length > rest.length ? nameOf(json[0], 0) : 'input')
  const layers = [first]
  for (const [i, layer] of rest.entries()) {
    if (layer.class_name === 'InputLayer') throw refuse(nameOf(layer, i), 'a second InputLayer, expected one')
    layers.push({ ...checkLayer(layer, i), inbound: [layers[layers.length - 1].name] })
  }
  checkNames(layers)
  return { kind: 'Sequential', layers, input: declared ?? input, output: layers[layers.length - 1].name }
}

function functional(config: FunctionalJson['config'], input: Shape): Topology {
  const inputs = config.layers.filter((layer) => layer.class_name === 'InputLayer')
  const [inputName] = config.input_layers
  if (inputs.length !== 1 || nameOf(inputs[0], 0) !== inputName) {
    throw refuse(inputName, `${inputs.length} InputLayers, expected exactly this one`)
  }
  const layers = config.layers.map((layer, i) => ({ ...checkLayer(layer, i), inbound: inboundOf(layer) }))
  checkNames(layers)
  const [output] = config.output_layers
  return { kind: 'Model', layers: sorted(layers, output), input: declaredShape(inputs[0]) ?? input, output }
}

function inboundOf(layer: LayerJson): string[] {
  const inbound = (layer.inbound_nodes ?? []).flat().map(([name]) => name)
  const isInput = layer.class_name === 'InputLayer'
  if (isInput !== (inbound.length === 0)) {
    throw refuse(
      nameOf(layer, 0),
      isInput ? 'an InputLayer with inputs' : 'no inbound_nodes: it is not connected'
    )
  }
  return inbound
}

/** Kahn's algorithm; what the output does not need is refused, for its weights would never be trained. */
function sorted(layers: TopologyLayer[], output: string): TopologyLayer[] {
  const placed = new Map<string, TopologyLayer>()
  let waiting = layers
  while (waiting.length > 0) {
    const ready = waiting.filter((layer) => layer.inbound.every((name) => placed.has(name)))
    if (ready.length === 0) throw refuse(waiting[0].name, 'its inputs form a cycle or do not exist')
    for (const layer of ready) placed.set(layer.name, layer)
    waiting = waiting.filter((layer) => !placed.has(layer.name))
  }
  const used = new Set([output, ...layers.flatMap((layer) => layer.inbound)])
  const unused = layers.find((layer) => !used.has(layer.name))
  if (unused != null) throw refuse(unused.name, 'nothing uses its output')
  if (!placed.has(output)) throw refuse(output, 'named as output, but there is no such layer')
  return [...placed.values()]
}

function checkLayer(json: LayerJson, index: number): Omit<TopologyLayer, 'inbound'> {
  const name = nameOf(json, index)
  const type = layerTypes.get(json.class_name)
  if (type == null) {
    const allowed = [...layerTypes.keys()].join(', ')
    throw refuse(name, `layer class '${json.class_name}' is not allowed; expected one of ${allowed}`)
  }
  for (const [option, value] of Object.entries(json.config)) {
    const isHarmless = ignoredOptions.has(option) || value == null || value === false
    if (!type.options.has(option) && !isHarmless)
      throw refuse(name, `option ${option} of ${json.class_name} is not supported`)
  }
  const config = Object.fromEntries(
    Object.entries(json.config).filter(([option]) => type.options.has(option))
  )
  const result = type.config.safeParse(config)
  if (!result.success) throw refuse(name, `${json.class_name}: ${describeIssues(result.error)}`)
  return { className: json.class_name, name, config, trainable: json.config['trainable'] !== false }
}

function checkNames(layers: TopologyLayer[]): void {
  const seen = new Set<string>()
  for (const { name } of layers) {
    if (seen.has(name)) throw refuse(name, 'two layers have this name; expected unique names')
    seen.add(name)
  }
}

const layerName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/)

function nameOf(layer: LayerJson, index: number): string {
  const given = layer.name ?? layer.config['name']
  if (given == null) return `${layer.class_name.toLowerCase().replace(/[^a-z0-9]/g, '')}_${index + 1}`
  const result = layerName.safeParse(given)
  if (!result.success)
    throw refuse(`number ${index + 1}`, 'its name has other than 1–64 letters, digits, _ . or -')
  return result.data
}

function declaredShape(layer: LayerJson): Shape | undefined {
  const given = layer.config['batch_input_shape'] ?? layer.config['batch_shape'] ?? undefined
  const result = inputShapeField.safeParse(given)
  if (!result.success) {
    throw refuse(
      nameOf(layer, 0),
      `batch_input_shape: ${describeIssues(result.error)}; expected [null, sizes…]`
    )
  }
  return result.data?.slice(1) as number[] | undefined
}

const inputLayer = (name: string): TopologyLayer => ({
  className: 'InputLayer',
  name,
  config: {},
  trainable: true,
  inbound: []
})

const refuse = (layer: string, reason: string): InvalidTopologyError =>
  new InvalidTopologyError(`layer '${layer}'`, reason)
