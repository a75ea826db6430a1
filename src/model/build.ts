/** From a sized plan to a TensorFlow.js model on the active backend, its weights in one known order. */
import { loadLayersModel } from '@tensorflow/tfjs-layers'
import { readTensor, tensorMemory } from '../compute/memory.ts'
import { InvalidTopologyError } from './errors.ts'
import { checkLength, layoutOf, partOf } from './layout.ts'
import { writeTopology } from './topology/write.ts'
import type { Layout } from './layout.ts'
import type { ModelPlan } from './topology/plan.ts'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'

type LayerVariable = LayersModel['weights'][number]

/** A model in memory: its graph, and its weights in layout order. */
export interface BuiltModel {
  model: LayersModel
  layout: Layout
  /** The weights as the backend holds them, aligned with `layout.entries`. */
  variables: Tensor[]
}

/**
 * Build a planned model with all weights zero.
 *
 * @param options.logits - leave the output's activation out, for training and evaluation
 * @throws {InvalidTopologyError} TensorFlow.js does not build what the plan says
 */
export async function buildModel(plan: ModelPlan, options: { logits?: boolean } = {}): Promise<BuiltModel> {
  const modelTopology = writeTopology(plan.topology, { ...options, zeroInitializers: true })
  const model = await loadLayersModel({ load: () => Promise.resolve({ modelTopology }) })
  const layout = layoutOf(plan)
  const built = new Map(model.layers.flatMap((layer) => named(layer.name, layer.weights, plan)))
  const variables = layout.entries.map(({ name, shape }) => {
    const variable = built.get(name)
    return variable?.shape.join() === shape.join() ? variable.read() : mismatch(name)
  })
  return { model, layout, variables }
}

/** A layer's variables by their names in the layout. */
function named(layer: string, variables: LayerVariable[], plan: ModelPlan): [string, LayerVariable][] {
  const weights = plan.weights.get(layer) ?? []
  if (weights.length !== variables.length) mismatch(layer)
  return variables.map((variable, i) => [`${layer}/${weights[i].name}`, variable])
}

function mismatch(name: string): never {
  throw new InvalidTopologyError(
    `at '${name}'`,
    'TensorFlow.js builds other weights than were planned; please report it'
  )
}

/**
 * Copy all weights out, into `into` or a new vector.
 *
 * @throws {UnsupportedBackendError} on WebGPU, which has only `readFlat`
 */
export function getFlat(
  { layout, variables }: BuiltModel,
  into = new Float32Array(layout.size)
): Float32Array {
  checkLength(into, layout)
  const memory = tensorMemory()
  for (const [i, entry] of layout.entries.entries()) partOf(into, entry).set(memory.view(variables[i]))
  return into
}

/** Copy all weights out, on whichever backend. */
export async function readFlat({ layout, variables }: BuiltModel): Promise<Float32Array> {
  const flat = new Float32Array(layout.size)
  for (const [i, entry] of layout.entries.entries()) partOf(flat, entry).set(await readTensor(variables[i]))
  return flat
}

/**
 * Copy all weights in. `flat` is not kept.
 *
 * @throws {WeightsLengthError}
 */
export function setFlat({ layout, variables }: BuiltModel, flat: Float32Array): void {
  checkLength(flat, layout)
  const memory = tensorMemory()
  for (const [i, entry] of layout.entries.entries()) {
    memory.write(variables[i], partOf(flat, entry))
  }
}
