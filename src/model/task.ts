/** What a task asks of its model: shapes in and out, and the loss that goes with them. */
import { ModelMismatchError } from './errors.ts'
import { presetTopology } from './presets.ts'
import { parseTopology } from './topology/parse.ts'
import { planModel } from './topology/plan.ts'
import { outputActivation } from './topology/write.ts'
import type { OutputLayer } from './presets.ts'
import type { ModelPlan } from './topology/plan.ts'
import type { InputSpec, Manifest } from '../federation/manifest/schema.ts'

/** The parts of a manifest that decide the model. */
export type ModelManifest = Pick<Manifest, 'task' | 'model' | 'training'>

/** Shape of one example as loaders give it: [h, w, channels], [features] or [tokens]. */
export function inputShape(input: InputSpec): number[] {
  if (input.kind === 'image') return [input.height, input.width, input.channels]
  if (input.kind === 'text') return [input.length]
  const widths = input.columns.map((column) => (column.type === 'number' ? 1 : column.values.length))
  return [widths.reduce((sum, width) => sum + width, 0)]
}

/**
 * The output that task and loss ask for: softmax over the labels; one sigmoid unit for two labels with
 * binaryCrossentropy; one unit for regression.
 *
 * @throws {ModelMismatchError} a loss that does not go with the task
 */
export function outputLayer({ task, training }: Pick<Manifest, 'task' | 'training'>): OutputLayer {
  const { loss } = training
  if (task.kind === 'regression') {
    if (loss === 'meanSquaredError') return { units: 1, activation: 'linear' }
    throw new ModelMismatchError('the loss', loss, 'meanSquaredError for regression')
  }
  if (loss === 'categoricalCrossentropy') return { units: task.labels.length, activation: 'softmax' }
  if (loss === 'binaryCrossentropy' && task.labels.length === 2) return { units: 1, activation: 'sigmoid' }
  const found = `${loss} with ${task.labels.length} labels`
  throw new ModelMismatchError(
    ...(['the loss', found, 'categoricalCrossentropy, or binaryCrossentropy with exactly 2 labels'] as const)
  )
}

/**
 * Check and size the model of a manifest. Nothing is allocated, no TensorFlow.js is needed.
 *
 * @throws {InvalidTopologyError | ModelTooLargeError | ModelMismatchError}
 */
export function planFor(manifest: ModelManifest): ModelPlan {
  const { architecture } = manifest.model
  const input = inputShape(manifest.task.input)
  const output = outputLayer(manifest)
  const text =
    'preset' in architecture
      ? presetTopology(architecture, manifest.task.input, output)
      : architecture.topology
  const plan = planModel(parseTopology(text, input))
  checkFits(plan, input, output)
  return plan
}

function checkFits(plan: ModelPlan, input: number[], output: OutputLayer): void {
  const found = plan.topology.input
  if (found.join() !== input.join()) {
    throw new ModelMismatchError(
      'its input shape',
      shapeText(found),
      `${shapeText(input)}, as the task's data has`
    )
  }
  if (plan.output.join() !== `${output.units}`) {
    throw new ModelMismatchError('its output shape', shapeText(plan.output), `[${output.units}]`)
  }
  const activation = outputActivation(plan.topology)
  if (output.activation !== 'linear' && activation !== output.activation) {
    const expected = `'${output.activation}' in the output layer (Dense, Activation or Softmax), which the loss needs`
    throw new ModelMismatchError('its output activation', `'${activation ?? 'none'}'`, expected)
  }
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`
