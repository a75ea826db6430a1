import { ones, tidy } from '@tensorflow/tfjs-core'
import { layers } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { dot } from '../../src/model/layers/merge.ts'
import { planFor } from '../../src/model/task.ts'
import { parseTopology } from '../../src/model/topology/parse.ts'
import { image, manifestOf, tabular, words } from '../training/fixtures.ts'
import type { ModelPlan } from '../../src/model/topology/plan.ts'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { ManifestDraft } from '../../src/federation/manifest/schema.ts'

type Layer = { class_name: string; config: object; inbound_nodes?: unknown[]; name?: string }

const output: Layer = { class_name: 'Dense', config: { name: 'output', units: 3, activation: 'softmax' } }
const sequential = (...layers: Layer[]): string =>
  JSON.stringify({ class_name: 'Sequential', config: { layers } })
const layer = (class_name: string, config: object = {}): Layer => ({ class_name, config })
const planOf = (topology: string, input: ManifestDraft['task']['input'] = tabular(4)): ModelPlan =>
  planFor(manifestOf({ task: { input }, architecture: { topology } }))
const refusal = (topology: string, input?: ManifestDraft['task']['input']): Error => {
  try {
    planOf(topology, input)
  } catch (error) {
    return error as Error
  }
  throw new Error('It was accepted')
}

describe('presets', () => {
  const parameters = (
    preset: ManifestDraft['model']['architecture'],
    input: ManifestDraft['task']['input']
  ): number =>
    planFor(manifestOf({ task: { input, labels: [...'0123456789'] }, architecture: preset })).parameters

  it('have the sizes that the literature gives', () => {
    expect(parameters({ preset: 'mlp', hidden: [200, 200] }, image(28))).to.equal(199_210)
    expect(parameters({ preset: 'cnn', filters: [32, 64], hidden: [512] }, image(28))).to.equal(1_663_370)
    expect(parameters({ preset: 'logistic' }, image(28))).to.equal(7_850)
  })

  it('embed text in 32 dimensions', () => {
    expect(parameters({ preset: 'logistic' }, words(20, 100))).to.equal(100 * 32 + 32 * 10 + 10)
    expect(parameters({ preset: 'cnn', filters: [8], hidden: [] }, words(20, 100))).to.equal(
      100 * 32 + (5 * 32 * 8 + 8) + (10 * 8 * 10 + 10)
    )
  })

  it('have no cnn for tables', () => {
    expect(() => parameters({ preset: 'cnn' }, tabular(4))).to.throw("preset 'cnn' is for tabular data")
  })
})

describe('a topology', () => {
  it('is accepted as model.json, as its topology, and as its configuration', () => {
    const config = JSON.parse(sequential(output)) as object
    for (const wrapped of [config, { model_config: config }, { modelTopology: { model_config: config } }]) {
      expect(planOf(JSON.stringify(wrapped)).parameters).to.equal(15)
    }
  })

  it('may branch and join', () => {
    const node = (...names: string[]): unknown[] => [names.map((name) => [name, 0, 0, {}])]
    const named = (name: string, class_name: string, config: object, inbound: unknown[]): Layer => ({
      ...{ name, class_name, config: { name, ...config }, inbound_nodes: inbound }
    })
    const layers = [
      named('out', 'Dense', { units: 3, activation: 'softmax' }, node('join')),
      named('join', 'Concatenate', {}, node('left', 'right')),
      named('left', 'Dense', { units: 5 }, node('in')),
      named('right', 'Dense', { units: 6 }, node('in')),
      named('in', 'InputLayer', { batch_input_shape: [null, 4] }, [])
    ]
    const config = { layers, input_layers: [['in', 0, 0]], output_layers: ['out', 0, 0] }
    const plan = planOf(JSON.stringify({ class_name: 'Functional', config }))
    expect(plan.parameters).to.equal(25 + 30 + 36)
    const cyclic = layers.map((l) => (l.name === 'left' ? { ...l, inbound_nodes: node('join') } : l))
    const error = refusal(JSON.stringify({ class_name: 'Model', config: { ...config, layers: cyclic } }))
    expect(error.message).to.include('cycle')
    const loose = [...layers, named('loose', 'Dense', { units: 2 }, node('in'))]
    const unused = refusal(JSON.stringify({ class_name: 'Model', config: { ...config, layers: loose } }))
    expect(unused.message).to.include("layer 'loose': nothing uses its output")
  })

  const hostile: [string, string, string][] = [
    ['not JSON', '{', 'not JSON'],
    ['another kind of thing', '[1, 2]', 'as a whole'],
    [
      'an unknown model class',
      '{"class_name": "Graph"}',
      "expected class_name 'Sequential', 'Model' or 'Functional'"
    ],
    ['no layers', sequential(), 'layers'],
    [
      'a Lambda',
      sequential(layer('Lambda', { function: 'process.exit()' }), output),
      "layer class 'Lambda' is not allowed"
    ],
    ['a prototype as class', sequential(layer('__proto__'), output), 'is not allowed'],
    ['a nested model', sequential(layer('Sequential', { layers: [] }), output), 'is not allowed'],
    ['too many layers', sequential(...new Array<Layer>(300).fill(layer('ReLU')), output), '256'],
    [
      'two layers of one name',
      sequential(layer('ReLU', { name: 'output' }), output),
      'two layers have this name'
    ],
    ['a name with a path', sequential(layer('ReLU', { name: '../x' }), output), 'letters, digits'],
    [
      'a regulariser',
      sequential(layer('Dense', { units: 3, kernel_regularizer: { class_name: 'L1' } })),
      'kernel_regularizer of Dense is not supported'
    ],
    ['text for a size', sequential(layer('Dense', { units: '3' }), output), 'units'],
    [
      'a dot of axes of unlike sizes',
      sequential(layer('Reshape', { target_shape: [2, 2] }), layer('Dot', { axes: 1 }), output),
      'expected two of at most two axes, of one size along axes 1 and 1'
    ],
    ['a dot over the batch', sequential(layer('Dot', { axes: 0 }), output), 'axes'],
    ['a negative size', sequential(layer('Dense', { units: -1 }), output), 'units'],
    ['an unknown activation', sequential(layer('Dense', { units: 3, activation: 'evil' })), 'activation'],
    [
      'an unknown initializer',
      sequential(layer('Dense', { units: 3, kernel_initializer: 'evil' }), output),
      "unknown initializer 'evil'"
    ],
    ['a second input', sequential(layer('ReLU'), layer('InputLayer'), output), 'a second InputLayer'],
    [
      'a stateful layer',
      sequential(
        layer('Reshape', { target_shape: [2, 2] }),
        layer('LSTM', { units: 2, stateful: true }),
        output
      ),
      'stateful'
    ],
    [
      'an impossible reshape',
      sequential(layer('Reshape', { target_shape: [3, 2] }), output),
      '4 values cannot take the shape [3, 2]'
    ],
    [
      'a convolution of a vector',
      sequential(layer('Conv2D', { filters: 1, kernel_size: 3 }), output),
      'expected 3 axes'
    ],
    [
      'a bad input shape',
      sequential(layer('Dense', { units: 3, batch_input_shape: [null, 'x'] })),
      'batch_input_shape'
    ]
  ]
  for (const [what, topology, message] of hostile) {
    it(`is refused with ${what}`, () => {
      const error = refusal(topology)
      expect(error).to.have.property('name', 'InvalidTopologyError')
      expect(error.message).to.include(message)
    })
  }

  it('is refused when it is too large, before anything is allocated', () => {
    const wide = layer('Dense', { units: 2 ** 27 })
    expect(refusal(sequential(wide, { ...wide }, output)).name).to.equal('ModelTooLargeError')
    const growing = layer('ZeroPadding2D', { padding: 1024 })
    const padded = sequential(growing, { ...growing }, { ...growing }, layer('Flatten'), output)
    expect(refusal(padded, image(28)).message).to.include('values in one layer')
    expect(() => parseTopology(' '.repeat(1_000_001), [4])).to.throw('1000001 characters')
  })

  it('is refused when it does not fit the task', () => {
    const input = sequential(
      layer('Dense', { units: 3, activation: 'softmax', batch_input_shape: [null, 9] })
    )
    expect(refusal(input).message).to.equal(
      "The model does not fit the task: its input shape is [9], expected [4], as the task's data has"
    )
    expect(refusal(sequential(layer('Dense', { units: 7, activation: 'softmax' }))).message).to.include(
      'its output shape is [7], expected [3]'
    )
    expect(refusal(sequential(layer('Dense', { units: 3 }))).message).to.include(
      "is 'linear', expected 'softmax'"
    )
  })

  it('is refused when loss and task do not go together', () => {
    const plan = (training: ManifestDraft['training'], task = {}): unknown =>
      planFor(manifestOf({ training, task }))
    expect(() => plan({ loss: 'binaryCrossentropy' })).to.throw('binaryCrossentropy with 3 labels')
    expect(() => plan({ loss: 'meanSquaredError' })).to.throw('the loss is meanSquaredError')
    expect(() => plan({}, { kind: 'regression', labels: [] })).to.throw(
      'expected meanSquaredError for regression'
    )
  })
})

describe('a dot of two layers', () => {
  const shapes: [axes: number | [number, number], left: number[], right: number[], output: number[]][] = [
    [
      [2, 1],
      [5, 3],
      [3, 4],
      [5, 4]
    ],
    [2, [5, 3], [4, 3], [5, 4]],
    [1, [5, 3], [5, 4], [3, 4]],
    [
      [1, 2],
      [3, 5],
      [4, 3],
      [5, 4]
    ],
    [1, [3], [3], [1]],
    [[2, 1], [5, 3], [3], [5]],
    [[1, 2], [3], [4, 3], [4]]
  ]
  for (const [axes, left, right, expected] of shapes) {
    it(`by axes ${axes} of [${left}] and [${right}] is of the shape that TensorFlow.js makes it`, async () => {
      await startBackend('cpu')
      const { output: planned } = dot.effect(dot.config.parse({ axes }), [left, right])
      expect(planned).to.deep.equal(expected)
      const made = tidy(() => layers.dot({ axes }).apply([ones([2, ...left]), ones([2, ...right])]) as Tensor)
      expect(made.shape).to.deep.equal([2, ...expected])
      made.dispose()
    })
  }
})
