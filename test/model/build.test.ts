import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { tensor } from '@tensorflow/tfjs-core'
import { loadLayersModel } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { buildModel, getFlat, setFlat } from '../../src/model/build.ts'
import { flatFrom, namedTensors } from '../../src/model/files/tensors.ts'
import { readKerasModel, writeKerasModel } from '../../src/model/files/keras.ts'
import { readSafetensors, writeSafetensors } from '../../src/model/files/safetensors.ts'
import { initialWeights } from '../../src/model/initial.ts'
import { layoutOf } from '../../src/model/layout.ts'
import { planFor } from '../../src/model/task.ts'
import { featuresDataset, predict } from '../../src/training/predict.ts'
import { clock, image, manifestOf, words } from '../training/fixtures.ts'
import { attention } from '../training/trainable.ts'
import type { ModelManifest } from '../../src/model/task.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

const sequence = (...layers: [string, object][]): { topology: string } => ({
  topology: JSON.stringify({
    class_name: 'Sequential',
    config: { layers: layers.map(([class_name, config]) => ({ class_name, config })) }
  })
})
const output: [string, object] = ['Dense', { units: 3, activation: 'softmax' }]
const node = (...names: string[]): unknown[] => [names.map((name) => [name, 0, 0, {}])]

/** Every allowed layer at least once. */
const manifests: Record<string, ModelManifest> = {
  mlp: manifestOf({}),
  cnn: manifestOf({
    task: { input: image(8, 8, 3) },
    architecture: { preset: 'cnn', filters: [2, 3], hidden: [5] }
  }),
  'text cnn': manifestOf({
    task: { input: words(12, 30) },
    architecture: { preset: 'cnn', filters: [4], hidden: [] }
  }),
  'text mlp': manifestOf({ task: { input: words(12, 30) } }),
  recurrent: manifestOf({
    task: { input: words(6, 20) },
    architecture: sequence(
      ['Embedding', { input_dim: 20, output_dim: 4 }],
      ['LSTM', { units: 5, return_sequences: true }],
      ['LayerNormalization', {}],
      ['GRU', { units: 4, return_sequences: true }],
      ['SimpleRNN', { units: 3 }],
      output
    )
  }),
  image: manifestOf({
    task: { input: image(9, 10) },
    architecture: sequence(
      [
        'ZeroPadding2D',
        {
          padding: [
            [1, 0],
            [2, 1]
          ]
        }
      ],
      ['SeparableConv2D', { filters: 4, kernel_size: 3, depth_multiplier: 2 }],
      ['BatchNormalization', {}],
      ['LeakyReLU', { alpha: 0.1 }],
      ['DepthwiseConv2D', { kernel_size: [2, 3], padding: 'same', activation: 'relu' }],
      ['AveragePooling2D', {}],
      ['Dropout', { rate: 0.2 }],
      ['Permute', { dims: [2, 1, 3] }],
      ['Reshape', { target_shape: [-1, 4] }],
      ['Conv1D', { filters: 5, kernel_size: 3, strides: 2 }],
      ['MaxPooling1D', {}],
      ['GlobalMaxPooling1D', {}],
      output
    )
  }),
  attention: attention(6, 5),
  graph: manifestOf({
    architecture: {
      topology: JSON.stringify({
        class_name: 'Model',
        config: {
          layers: [
            { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, 4] } },
            {
              class_name: 'Dense',
              config: { name: 'z', units: 4, activation: 'tanh' },
              inbound_nodes: node('in')
            },
            { class_name: 'BatchNormalization', config: { name: 'a' }, inbound_nodes: node('z') },
            { class_name: 'Add', config: { name: 'sum' }, inbound_nodes: node('a', 'in') },
            {
              class_name: 'Dense',
              config: { name: 'b', units: 3, trainable: false },
              inbound_nodes: node('sum')
            },
            { class_name: 'Softmax', config: { name: 'out' }, inbound_nodes: node('b') }
          ],
          input_layers: [['in', 0, 0]],
          output_layers: [['out', 0, 0]]
        }
      })
    }
  })
}

const randomFeatures = (manifest: ModelManifest, count: number): Float32Array => {
  const width = planFor(manifest).topology.input.reduce((size, n) => size * n, 1)
  return Float32Array.from({ length: count * width }, (_, i) => (i * 7919) % 13)
}

describe('a built model', () => {
  before(() => startBackend('wasm'))

  for (const [name, manifest] of Object.entries(manifests)) {
    it(`has the weights that were planned: ${name}`, async () => {
      const plan = planFor(manifest)
      const built = await buildModel(plan)
      const flat = initialWeights(built.layout, 3)
      expect(built.layout.size).to.equal(plan.parameters)
      expect(built.model.countParams()).to.equal(plan.parameters)
      setFlat(built, flat)
      expect(getFlat(built)).to.deep.equal(flat)
      built.model.dispose()
    })

    it(`loads again from its files in tf.loadLayersModel, and predicts the same: ${name}`, async () => {
      await startBackend('wasm')
      const plan = planFor(manifest)
      const layout = layoutOf(plan)
      const weights = initialWeights(layout, 3)
      const files = writeKerasModel({ plan, layout, weights }, { round: 3 })
      const { modelTopology, weightsManifest } = JSON.parse(files.modelJson) as {
        modelTopology: object
        weightsManifest: { weights: [] }[]
      }
      const weightSpecs = weightsManifest[0].weights
      const weightData = files.weights.buffer as ArrayBuffer
      const loaded = await loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData }) })
      const features = randomFeatures(manifest, 5)
      const x = tensor(features, [5, ...plan.topology.input])
      const y = loaded.predict(x) as Tensor
      const dataset = featuresDataset(features, plan.topology.input)
      const { values } = await predict({ manifest, weights, dataset, ...clock })
      for (const [i, value] of y.dataSync().entries()) expect(values[i]).to.be.closeTo(value, 1e-5)
      for (const used of [x, y, loaded]) used.dispose()
      const { tensors, topology } = readKerasModel(files)
      expect(flatFrom(tensors, layout, 'weights.bin')).to.deep.equal(weights)
      expect(
        planFor({ ...manifest, model: { ...manifest.model, architecture: { topology } } }).parameters
      ).to.equal(layout.size)
    })
  }

  it('lays a chain out as TensorFlow.js lists its weights', async () => {
    const built = await buildModel(planFor(manifests['image']))
    setFlat(
      built,
      Float32Array.from({ length: built.layout.size }, (_, i) => i)
    )
    const listed = built.model.getWeights().flatMap((weight) => [...weight.dataSync()])
    expect(listed).to.deep.equal(Array.from({ length: built.layout.size }, (_, i) => i))
    built.model.dispose()
  })

  it('refuses a vector of another length', async () => {
    const built = await buildModel(planFor(manifests['mlp']))
    expect(() => setFlat(built, new Float32Array(1))).to.throw('1 weights given, the model has 131')
    built.model.dispose()
  })
})

describe('initial weights', () => {
  const hashOf = (manifest: ModelManifest, seed: number): string => {
    const weights = initialWeights(layoutOf(planFor(manifest)), seed)
    return bytesToHex(sha256(new Uint8Array(weights.buffer))).slice(0, 16)
  }

  it('are the same bits everywhere: these hashes never change', () => {
    const found = Object.fromEntries(
      Object.entries(manifests).map(([name, manifest]) => [name, hashOf(manifest, 1)])
    )
    expect(found).to.deep.equal(FIXED)
  })

  it('depend on the seed', () => {
    expect(hashOf(manifests['mlp'], 2)).to.not.equal(FIXED.mlp)
  })

  const weightsOf = (initializer: object | string, units = 100): Float32Array => {
    const dense: [string, object] = ['Dense', { units, kernel_initializer: initializer, use_bias: false }]
    const layout = layoutOf(
      planFor(manifestOf({ architecture: sequence(['Dense', { units: 100 }], dense, output) }))
    )
    const entry = layout.entries[2]
    return initialWeights(layout, 5).slice(entry.offset, entry.offset + entry.size)
  }
  const deviation = (values: Float32Array): number =>
    Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)

  it('honour the initializer that the topology names', () => {
    expect(new Set(weightsOf('ones'))).to.deep.equal(new Set([1]))
    expect(new Set(weightsOf({ class_name: 'Constant', config: { value: 0.25 } }))).to.deep.equal(
      new Set([0.25])
    )
    expect(Math.max(...weightsOf('glorot_uniform'))).to.be.closeTo(Math.sqrt(6 / 200), 0.001)
    expect(Math.max(...weightsOf('he_uniform'))).to.be.closeTo(Math.sqrt(6 / 100), 0.001)
    expect(
      Math.min(...weightsOf({ class_name: 'RandomUniform', config: { minval: 2, maxval: 3 } }))
    ).to.be.within(2, 2.01)
    for (const [name, variance] of Object.entries({
      glorot_normal: 0.01,
      he_normal: 0.02,
      lecun_normal: 0.01
    })) {
      expect(deviation(weightsOf(name))).to.be.closeTo(Math.sqrt(variance), 0.003)
    }
    expect(deviation(weightsOf('random_normal'))).to.be.closeTo(0.05, 0.002)
    expect(Math.max(...weightsOf('truncated_normal'))).to.be.most(0.1)
    const scaling = { scale: 3, mode: 'fan_avg', distribution: 'uniform' }
    expect(Math.max(...weightsOf({ class_name: 'VarianceScaling', config: scaling }))).to.be.closeTo(
      0.3,
      0.001
    )
  })

  it('are orthonormal where asked, wide or tall', () => {
    for (const units of [40, 200]) {
      const values = weightsOf('orthogonal', units)
      const [count, length] = [Math.min(100, units), Math.max(100, units)]
      const at = (i: number, j: number): number =>
        units > 100 ? values[i * units + j] : values[j * units + i]
      const dot = (a: number, b: number): number => {
        let sum = 0
        for (let j = 0; j < length; j++) sum += at(a, j) * at(b, j)
        return sum
      }
      expect(dot(0, 0)).to.be.closeTo(1, 1e-5)
      expect(dot(0, count - 1)).to.be.closeTo(0, 1e-5)
    }
  })

  it("open LSTM's forget gate", () => {
    const layout = layoutOf(planFor(manifests['recurrent']))
    const bias = layout.entries.find(({ name }) => name.startsWith('lstm') && name.endsWith('bias'))
    const values = [...initialWeights(layout, 1).slice(bias?.offset, (bias?.offset ?? 0) + 20)]
    expect(values).to.deep.equal([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, ...new Array<number>(10).fill(0)])
  })
})

/** First 8 bytes of SHA-256 of the weights of seed 1, little-endian fp32. */
const FIXED: Record<string, string> = {
  mlp: '157c3ab4725979b5',
  cnn: '041a9842b21b9e46',
  'text cnn': 'dffdd430444fa62d',
  'text mlp': '4836e2c20b03a680',
  recurrent: '689af3f542ba6de5',
  image: '893ff4007ab31fb5',
  attention: 'f2987cdfe105a80a',
  graph: 'd119da8447e171d5'
}

describe('safetensors', () => {
  const layout = layoutOf(planFor(manifests['cnn']))
  const weights = initialWeights(layout, 4)
  const file = (): Uint8Array =>
    writeSafetensors({ tensors: namedTensors(layout, weights), metadata: { round: '3' } })
  const withHeader = (json: unknown, data = 8): Uint8Array => {
    const text = new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json))
    const bytes = new Uint8Array(8 + text.length + data)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
    bytes.set(text, 8)
    return bytes
  }
  const entry = (start: number, end: number, more: object = {}): object => ({
    ...{ dtype: 'F32', shape: [(end - start) / 4], data_offsets: [start, end] },
    ...more
  })

  it('goes there and back, at any alignment', () => {
    const shifted = new Uint8Array(file().byteLength + 1)
    shifted.set(file(), 1)
    for (const bytes of [file(), shifted.subarray(1)]) {
      const { tensors, metadata } = readSafetensors(bytes)
      expect(metadata).to.deep.equal({ round: '3' })
      expect(flatFrom(tensors, layout, 'model.safetensors')).to.deep.equal(weights)
    }
  })

  const damaged: [string, () => Uint8Array, string][] = [
    ['a few bytes', () => new Uint8Array(5), '5 bytes'],
    ['a header longer than the file', () => file().subarray(0, 40), 'claims a header of'],
    ['a header that is not JSON', () => withHeader('{'), 'not JSON'],
    ['a header of another shape', () => withHeader([1]), 'expected'],
    ['another type', () => withHeader({ a: entry(0, 8, { dtype: 'F16' }) }), 'a'],
    ['a gap', () => withHeader({ a: entry(4, 8) }), 'gap or overlap at byte 0'],
    ['an overlap', () => withHeader({ a: entry(0, 8), b: entry(4, 8) }), 'gap or overlap'],
    ['data after the end', () => withHeader({ a: entry(0, 4) }), '8 bytes of data'],
    ['too little data', () => withHeader({ a: entry(0, 12) }), '8 bytes of data'],
    ['a shape that does not fit', () => withHeader({ a: entry(0, 8, { shape: [3] }) }), 'its shape needs 12'],
    ['offsets backwards', () => withHeader({ a: entry(8, 0) }), 'a'],
    [
      'a prototype as name',
      () => withHeader('{"__proto__": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}'),
      ''
    ]
  ]
  for (const [what, bytes, message] of damaged) {
    it(`is refused with ${what}`, () => {
      expect(() => readSafetensors(bytes()))
        .to.throw(message)
        .with.property('name', 'InvalidModelFileError')
    })
  }

  it("is refused when it is another model's", () => {
    const { tensors } = readSafetensors(file())
    const other = layoutOf(planFor(manifests['mlp']))
    expect(() => flatFrom(tensors, other, 'x')).to.throw('it has 8 weights, the model 4')
    const renamed = tensors.map((t, i) => (i === 0 ? { ...t, name: 'other/kernel' } : t))
    expect(() => flatFrom(renamed, layout, 'x')).to.throw("the weight 'conv_1/kernel' is missing")
    const reshaped = tensors.map((t, i) => (i === 0 ? { ...t, shape: [25, 3, 2] } : t))
    expect(() => flatFrom(reshaped, layout, 'x')).to.throw(
      "'conv_1/kernel' has shape [25, 3, 2], expected [5, 5, 3, 2]"
    )
  })
})

describe('Keras files', () => {
  const plan = planFor(manifests['mlp'])
  const layout = layoutOf(plan)
  const files = writeKerasModel({ plan, layout, weights: initialWeights(layout, 1) })

  it('are refused when bytes are missing or the JSON is not of the format', () => {
    const short = { ...files, weights: files.weights.subarray(4) }
    expect(() => readKerasModel(short)).to.throw('520 bytes, model.json says 524')
    expect(() => readKerasModel({ ...files, modelJson: '{' })).to.throw('not JSON')
    expect(() => readKerasModel({ ...files, modelJson: '{}' })).to.throw('modelTopology')
    const quantised = files.modelJson.replaceAll(
      '"dtype": "float32"\n',
      '"dtype": "float32", "quantization": {}\n'
    )
    expect(() => readKerasModel({ ...files, modelJson: quantised })).to.throw(
      'quantised weights are not supported'
    )
  })
})
