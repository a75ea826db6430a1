/** The named models of a manifest, written as topologies so that they take the same path as any other. */
import { vocabularySize } from '../data/text/tokens.ts'
import { ModelMismatchError } from './errors.ts'
import type { InputSpec, ModelSpec } from '../federation/manifest/schema.ts'

type Preset = Extract<ModelSpec['architecture'], { preset: string }>
interface Layer {
  class_name: string
  config: Record<string, unknown>
}

/** Width of the vectors that tokens become in the presets. */
const EMBEDDING_WIDTH = 32

/** What the output layer must be. */
export interface OutputLayer {
  units: number
  activation: 'softmax' | 'sigmoid' | 'linear'
}

/**
 * A preset's topology as JSON text.
 *
 * logistic: one dense layer. mlp: hidden ReLU layers. cnn: 5×5 convolutions, each with 2×2 max pooling, then dense
 * layers (McMahan et al. 2017, https://arxiv.org/abs/1602.05629). Text is embedded first; logistic and mlp average the
 * vectors, cnn convolves over 5 tokens at a time.
 *
 * @throws {ModelMismatchError} a cnn on tabular data
 */
export function presetTopology(preset: Preset, input: InputSpec, output: OutputLayer): string {
  const layers = [
    ...embedding(input),
    ...(preset.preset === 'cnn' ? convolutions(preset.filters, input) : vectors(input)),
    ...(preset.preset === 'logistic' ? [] : preset.hidden.map(hidden)),
    layer('Dense', 'output', { ...output, use_bias: true })
  ]
  return JSON.stringify({ class_name: 'Sequential', config: { name: preset.preset, layers } })
}

function embedding(input: InputSpec): Layer[] {
  if (input.kind !== 'text') return []
  return [layer('Embedding', 'embedding', { input_dim: vocabularySize(input), output_dim: EMBEDDING_WIDTH })]
}

function vectors(input: InputSpec): Layer[] {
  if (input.kind === 'image') return [layer('Flatten', 'flatten')]
  return input.kind === 'text' ? [layer('GlobalAveragePooling1D', 'average')] : []
}

function convolutions(filters: number[], input: InputSpec): Layer[] {
  if (input.kind === 'tabular') {
    throw new ModelMismatchError(
      "preset 'cnn'",
      'for tabular data',
      "'image' or 'text' data; use mlp or logistic"
    )
  }
  const axes = input.kind === 'image' ? 2 : 1
  const blocks = filters.flatMap((count, i) => [
    layer(`Conv${axes}D`, `conv_${i + 1}`, {
      ...{ filters: count, kernel_size: new Array(axes).fill(5), padding: 'same', activation: 'relu' }
    }),
    layer(`MaxPooling${axes}D`, `pool_${i + 1}`, { pool_size: new Array(axes).fill(2), padding: 'same' })
  ])
  return [...blocks, layer('Flatten', 'flatten')]
}

const hidden = (units: number, i: number): Layer =>
  layer('Dense', `hidden_${i + 1}`, { units, activation: 'relu' })

const layer = (className: string, name: string, config: Record<string, unknown> = {}): Layer => ({
  class_name: className,
  config: { name, ...config }
})
