/** Models of every kind, for checking backends. */
import { image, manifestOf, tabular, words } from './fixtures.ts'
import type { ModelManifest } from '../../src/model/task.ts'

/** A model of the given layers and a softmax of three. */
export const chain = (
  input: Parameters<typeof manifestOf>[0]['task'],
  ...layers: [string, object][]
): ModelManifest => {
  const all = [...layers, ['Dense', { units: 3, activation: 'softmax' }] as const]
  const config = { layers: all.map(([class_name, options]) => ({ class_name, config: options })) }
  return manifestOf({
    task: input,
    architecture: { topology: JSON.stringify({ class_name: 'Sequential', config }) }
  })
}

/** Models that every backend must train: all kinds of layers. */
export const trainable: Record<string, ModelManifest> = {
  logistic: manifestOf({ architecture: { preset: 'logistic' } }),
  mlp: manifestOf({ task: { input: image(28) }, architecture: { preset: 'mlp', hidden: [200, 200] } }),
  cnn: manifestOf({ task: { input: image(28) }, architecture: { preset: 'cnn' } }),
  'cnn of text': manifestOf({
    task: { input: words(20, 500) },
    architecture: { preset: 'cnn', filters: [8], hidden: [8] }
  }),
  'mlp of text': manifestOf({ task: { input: words(20, 500) } }),
  'sigmoid output': manifestOf({ task: { labels: ['n', 'y'] }, training: { loss: 'binaryCrossentropy' } }),
  regression: manifestOf({
    task: { kind: 'regression', labels: [] },
    training: { loss: 'meanSquaredError' }
  }),
  lstm: chain(
    { input: words(8, 20) },
    ['Embedding', { input_dim: 20, output_dim: 4 }],
    ['LSTM', { units: 6 }]
  ),
  gru: chain({ input: words(8, 20) }, ['Embedding', { input_dim: 20, output_dim: 4 }], ['GRU', { units: 6 }]),
  normalised: chain(
    { input: image(8) },
    ['Conv2D', { filters: 4, kernel_size: 3, strides: 2, activation: 'elu' }],
    ['BatchNormalization', {}],
    ['Dropout', { rate: 0.5 }],
    ['GlobalAveragePooling2D', {}],
    ['LayerNormalization', {}]
  ),
  separable: chain(
    { input: image(8) },
    ['SeparableConv2D', { filters: 4, kernel_size: 3 }],
    ['DepthwiseConv2D', { kernel_size: 3, strides: 2, padding: 'same', depth_multiplier: 2 }],
    ['Flatten', {}]
  ),
  activations: chain(
    { input: tabular(4) },
    ...['tanh', 'sigmoid', 'softplus', 'selu', 'swish', 'relu6', 'hard_sigmoid', 'softsign'].map(
      (activation): [string, object] => ['Dense', { units: 6, activation }]
    )
  )
}
