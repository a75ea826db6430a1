import { memory } from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { getFlat, setFlat } from '../../src/model/build.ts'
import { initialWeights } from '../../src/model/initial.ts'
import { normal, seededRandom, uniform } from '../../src/random.ts'
import { InvalidTargetError } from '../../src/training/errors.ts'
import { buildNetwork, withGradients } from '../../src/training/network.ts'
import { trainingSteps } from '../../src/training/steps.ts'
import { clientTerm } from '../../src/training/terms.ts'
import { sizeOf } from '../../src/model/layers/common.ts'
import { deviation } from '../compute/tensors.ts'
import { image, manifestOf } from './fixtures.ts'
import { attention, chain, graph } from './trainable.ts'
import type { TrainingSpec } from '../../src/federation/manifest/schema.ts'
import type { ModelManifest } from '../../src/model/task.ts'
import type { ExampleBatch } from '../../src/training/batches.ts'
import type { Network } from '../../src/training/network.ts'

const pictures = { input: image(11, 13) }
const relu = { activation: 'relu' }

const chains: Record<string, ModelManifest> = {
  'logistic regression': manifestOf({ architecture: { preset: 'logistic' } }),
  'the preset mlp': manifestOf({
    task: { input: image(9) },
    architecture: { preset: 'mlp', hidden: [21, 5] }
  }),
  'the preset cnn': manifestOf({
    task: { input: image(12) },
    architecture: { preset: 'cnn', filters: [6, 9], hidden: [7] }
  }),
  'sigmoid and one output': manifestOf({
    task: { labels: ['n', 'y'] },
    training: { loss: 'binaryCrossentropy' }
  }),
  'convolutions with strides, without biases': chain(
    pictures,
    ['Conv2D', { filters: 5, kernel_size: [2, 4], strides: 2, use_bias: false, ...relu }],
    ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', use_bias: false }],
    ['Flatten', {}],
    ['Dense', { units: 4, use_bias: false, ...relu }]
  ),
  'pooling first, and over what overhangs': chain(
    pictures,
    ['MaxPooling2D', { pool_size: 2 }],
    ['Conv2D', { filters: 7, kernel_size: 3, ...relu }],
    ['MaxPooling2D', { pool_size: [3, 2], strides: [1, 2], padding: 'same' }],
    ['Flatten', {}],
    ['Dense', { units: 6, ...relu }]
  ),
  'shapes changed twice': chain(
    pictures,
    ['Flatten', {}],
    ['Reshape', { target_shape: [13, 11, 1] }],
    ['Conv2D', { filters: 2, kernel_size: 1, ...relu }],
    ['Flatten', {}]
  )
}

const others: Record<string, ModelManifest> = {
  'another activation': chain(
    { input: image(4) },
    ['Flatten', {}],
    ['Dense', { units: 3, activation: 'tanh' }]
  ),
  dropout: chain({ input: image(4) }, ['Flatten', {}], ['Dropout', { rate: 0.5 }]),
  'a frozen layer': chain({ input: image(4) }, ['Flatten', {}], ['Dense', { units: 3, trainable: false }]),
  'a dense layer on rows': chain({ input: image(4) }, ['Dense', { units: 3 }], ['Flatten', {}]),
  branches: attention(4, 3),
  'two that are joined behind a chain': graph({ input: image(4) }, [4, 4, 1], {
    flat: ['Flatten', {}, 'in'],
    one: ['Dense', { units: 5, activation: 'relu' }, 'flat'],
    two: ['Dense', { units: 5, activation: 'relu' }, 'one'],
    sum: ['Add', {}, 'one', 'two'],
    out: ['Dense', { units: 3, activation: 'softmax' }, 'sum']
  })
}

async function networkFor(manifest: ModelManifest): Promise<Network> {
  const network = await buildNetwork(manifest)
  const random = seededRandom(3)
  setFlat(
    network,
    initialWeights(network.layout, 1).map((value) => value + 0.1 * uniform(random))
  )
  return network
}

/** `dark`: so many of an example's features, as a share, are zero in all examples. */
function batchFor({ plan }: Network, count: number, dark = 0): ExampleBatch {
  const random = seededRandom(count)
  const inputs = sizeOf(plan.topology.input)
  const isDark = Array.from({ length: inputs }, () => uniform(random) < dark)
  const features = Float32Array.from({ length: count * inputs }, (_, i) =>
    isDark[i % inputs] ? 0 : normal(random)
  )
  const targets = Float32Array.from({ length: count }, () => random() % Math.max(2, plan.output[0]))
  return { count, features, targets }
}

async function stepOf(
  network: Network,
  batch: ExampleBatch
): Promise<[loss: number, ...gradients: Uint8Array[]]> {
  const gradients: Uint8Array[] = []
  const loss = await withGradients(network, batch, (found) => {
    for (const gradient of found)
      gradients.push(new Uint8Array(gradient!.dataSync<'float32'>().slice().buffer))
  })
  return [loss, ...gradients]
}

/** Those that add to gradients. */
const clients: readonly TrainingSpec['client'][] = [
  { name: 'fedprox', mu: 0.3 },
  { name: 'feddyn', alpha: 0.2 },
  { name: 'scaffold' }
]

/** Batches of several sizes, one after the other, on the chain and by the tape: losses and weights stay alike. */
async function expectMovesOfTape(
  manifest: ModelManifest,
  client: TrainingSpec['client'] = { name: 'fedavg' }
): Promise<void> {
  const networks = [await networkFor(manifest), await networkFor(manifest)]
  const [network, other] = networks
  const random = seededRandom(1)
  const controls = network.trained.map(({ size }) =>
    Float32Array.from({ length: size }, () => normal(random))
  )
  const terms = networks.map(({ trained }) => clientTerm(client, trained, controls))
  const [found, expected] = [network, { ...other, chain: null }].map((each, i) =>
    trainingSteps(each, { optimizer: { name: 'sgd' }, learningRate: 0.05, term: terms[i] })
  )
  for (const [count, dark] of [
    [3, 0],
    [8, 0.5],
    [70, 0.9],
    [300, 0],
    [1, 1]
  ]) {
    const batch = batchFor(network, count, dark)
    const [loss, tapeLoss] = [await found.step(batch), await expected.step(batch)]
    expect(loss).to.be.closeTo(tapeLoss, 1e-5 * tapeLoss)
    expect(deviation(getFlat(network), getFlat(other))).to.be.below(1e-6)
  }
  for (const used of [found, expected, ...terms, ...networks]) used?.dispose()
}

const floatsIn = ({ buffer }: Uint8Array): Float32Array => new Float32Array(buffer)

describe('steps of a chain of layers', () => {
  before(() => startBackend('wasm'))

  for (const [name, manifest] of Object.entries(chains)) {
    it(`have the very bits of the tape's: ${name}`, async () => {
      const network = await networkFor(manifest)
      expect(network.chain).to.not.equal(null)
      // Growing, shrinking, of one example.
      for (const count of [3, 8, 5, 1, 70]) {
        const batch = batchFor(network, count)
        const found = await stepOf(network, batch)
        expect(found).to.deep.equal(await stepOf({ ...network, chain: null }, batch))
      }
      network.dispose()
    })
  }

  for (const [name, manifest] of Object.entries(chains))
    it(`move the weights as the tape and the optimizer do: ${name}`, async () => {
      await expectMovesOfTape(manifest)
    })

  for (const client of clients)
    it(`move the weights as the tape and the optimizer do, by ${client.name}`, async () => {
      await expectMovesOfTape(chains['the preset cnn'], client)
    })

  it('have the gradients of the tape where features are dark', async () => {
    const network = await networkFor(chains['the preset mlp'])
    const batch = batchFor(network, 10, 0.6)
    const [loss, ...gradients] = await stepOf(network, batch)
    const [tapeLoss, ...expected] = await stepOf({ ...network, chain: null }, batch)
    expect(loss).to.be.closeTo(tapeLoss, 1e-5)
    for (const [i, gradient] of expected.entries())
      expect(deviation(floatsIn(gradients[i]), floatsIn(gradient))).to.be.below(1e-6)
    network.dispose()
  })

  for (const [name, manifest] of Object.entries(others)) {
    it(`are left to the tape: ${name}`, async () => {
      const network = await networkFor(manifest)
      expect(network.chain).to.equal(null)
      network.dispose()
    })
  }

  it('are left to the tape on other backends', async () => {
    await startBackend('cpu')
    const network = await networkFor(chains['the preset mlp'])
    expect(network.chain).to.equal(null)
    network.dispose()
    await startBackend('wasm')
  })

  it('take no memory after the first, and give it back', async () => {
    const before = memory()
    const network = await networkFor(chains['the preset cnn'])
    await stepOf(network, batchFor(network, 9))
    const { numTensors, numBytes } = memory()
    for (const count of [9, 2, 9]) await stepOf(network, batchFor(network, count))
    for (const count of [9, 2, 9]) network.chain!.descend(batchFor(network, count, 0.5), 0.1)
    expect(memory()).to.include({ numTensors, numBytes })
    network.dispose()
    expect(memory()).to.include({ numTensors: before.numTensors, numBytes: before.numBytes })
  })

  it('refuse a class that is none', async () => {
    const network = await networkFor(chains['the preset mlp'])
    const batch = batchFor(network, 2)
    batch.targets[1] = 3
    expect(() => withGradients(network, batch, () => undefined)).to.throw(InvalidTargetError)
    network.dispose()
  })

  it('show a loss that is no number', async () => {
    const network = await networkFor(chains['the preset cnn'])
    setFlat(network, new Float32Array(network.layout.size).fill(Number.NaN))
    expect(await withGradients(network, batchFor(network, 2), () => undefined)).to.be.NaN
    network.dispose()
  })
})
