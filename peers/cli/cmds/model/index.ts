/** `murmur model`: the committed model, exported or described. */
import { personalOption } from '../../source.ts'
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { ExportOptions } from './export.ts'

const exportModel: CommandSpec = {
  name: 'export',
  summary: 'Write the latest committed model to files.',
  description: `keras: a directory with model.json and weights.bin, for tf.loadLayersModel and Keras.
safetensors: one file, for everything else.`,
  options: [
    {
      flags: '--format <format>',
      description: 'File format.',
      choices: ['keras', 'safetensors'],
      default: 'keras'
    },
    {
      flags: '--out <path>',
      description: 'Directory (keras) or file (safetensors); default: ./<name>-round<n>.'
    },
    { flags: '--force', description: 'Overwrite what is there.', default: false },
    personalOption
  ],
  examples: [
    ['model export --out ./digits-model', 'a Keras-compatible directory'],
    ['model export --format safetensors --out digits.safetensors', 'one safetensors file']
  ],
  run: lazy<ExportOptions>(() => import('./export.ts'))
}

const infoModel: CommandSpec = {
  name: 'info',
  summary: 'Layers, parameters, provenance of the latest committed model.',
  examples: [['model info', 'as a table']],
  run: lazy(() => import('./info.ts'))
}

export const model: CommandSpec = {
  name: 'model',
  summary: 'Export the committed model, or describe it.',
  examples: [
    ['model info', 'what it is'],
    ['model export', 'files for TensorFlow.js and Keras']
  ],
  commands: [exportModel, infoModel]
}
