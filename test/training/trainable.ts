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

/** A model with branches: layers by name, each with those that it takes its inputs from; the last is the output. */
export const graph = (
  task: Parameters<typeof manifestOf>[0]['task'],
  shape: number[],
  layers: Record<string, [string, object, ...from: string[]]>
): ModelManifest => {
  const named = Object.entries(layers).map(([name, [class_name, options, ...from]]) => ({
    ...{ name, class_name, config: { name, ...options } },
    inbound_nodes: [from.map((one) => [one, 0, 0, {}])]
  }))
  const input = { name: 'in', class_name: 'InputLayer', config: { batch_input_shape: [null, ...shape] } }
  const ends = { input_layers: [['in', 0, 0]], output_layers: [[Object.keys(layers).at(-1), 0, 0]] }
  const config = { layers: [input, ...named], ...ends }
  return manifestOf({ task, architecture: { topology: JSON.stringify({ class_name: 'Model', config }) } })
}

/** The rows of a square picture, each of which attends to all (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762). */
export const attention = (size: number, width: number): ModelManifest =>
  graph({ input: image(size) }, [size, size, 1], {
    rows: ['Reshape', { target_shape: [size, size] }, 'in'],
    queries: ['Dense', { units: width }, 'rows'],
    keys: ['Dense', { units: width }, 'rows'],
    values: ['Dense', { units: width }, 'rows'],
    scores: ['Dot', { axes: 2 }, 'queries', 'keys'],
    shares: ['Softmax', {}, 'scores'],
    attended: ['Dot', { axes: [2, 1] }, 'shares', 'values'],
    sum: ['Add', {}, 'values', 'attended'],
    normal: ['LayerNormalization', {}, 'sum'],
    flat: ['Flatten', {}, 'normal'],
    out: ['Dense', { units: 3, activation: 'softmax' }, 'flat']
  })

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
  'biases that make no difference': chain(
    { input: tabular(4) },
    ['Dense', { units: 8 }],
    ['BatchNormalization', {}],
    ['Dense', { units: 8 }],
    ['LayerNormalization', {}]
  ),
  'normalised, without gamma or beta': chain(
    { input: tabular(4) },
    ...['LayerNormalization', 'BatchNormalization'].flatMap((name): [string, object][] => [
      ['Dense', { units: 8, activation: 'tanh' }],
      [name, { scale: false }],
      ['Dense', { units: 8, activation: 'tanh' }],
      [name, { center: false }]
    ])
  ),
  attention: attention(6, 5),
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
