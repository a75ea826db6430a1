import * as tf from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { fuseLayers } from '../../src/compute/layers.ts'
import { setFlat } from '../../src/model/build.ts'
import { initialWeights } from '../../src/model/initial.ts'
import { normal, seededRandom } from '../../src/random.ts'
import { buildNetwork, withGradients } from '../../src/training/network.ts'
import { createOptimizer } from '../../src/training/optimizer.ts'
import { tensorMemory } from '../../src/compute/memory.ts'
import { image, manifestOf } from '../training/fixtures.ts'

type DenseArgs = Parameters<typeof layers.dense>[0]

const drawn = (seed: number, shape: number[]): tf.Tensor => {
  const random = seededRandom(seed)
  const size = shape.reduce((product, n) => product * n, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => normal(random)),
    shape
  )
}

/** Output, and the gradients of a weighted sum of it by input and weights, on a backend. */
async function valuesOn(backend: 'wasm' | 'cpu', input: number[], args: DenseArgs): Promise<Float32Array[]> {
  await startBackend(backend)
  const model = sequential({ layers: [layers.dense({ ...args, inputShape: input.slice(1) })] })
  fuseLayers(model)
  tf.tidy(() => model.setWeights(model.weights.map(({ shape }, i) => drawn(i + 1, shape as number[]))))
  const values = tf.tidy(() => {
    const x = drawn(9, input)
    const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable)
    const apply = (at: tf.Tensor): tf.Tensor => model.apply(at) as tf.Tensor
    const weighted = (at: tf.Tensor): tf.Tensor => tf.sum(tf.mul(apply(at), drawn(77, apply(at).shape)))
    const { grads } = tf.variableGrads(() => weighted(x) as tf.Scalar, weights)
    const all = [apply(x), tf.grad(weighted)(x), ...weights.map(({ name }) => grads[name])]
    return all.map((tensor) => tensor.dataSync<'float32'>().slice())
  })
  model.dispose()
  return values
}

function deviation(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(found[i] - value)), 0) / scale
}

describe('dense layers in one operation', () => {
  const cases: [number[], DenseArgs][] = [
    [[7, 5], { units: 3, activation: 'relu' }],
    [[1, 1], { units: 1 }],
    [[10, 33], { units: 20, activation: 'relu', useBias: false }],
    [[6, 4, 5], { units: 3, activation: 'relu' }],
    [[7, 5], { units: 3, activation: 'tanh' }]
  ]
  for (const [input, args] of cases) {
    it(`give the values and gradients of the plain layer: [${input.join()}], ${JSON.stringify(args)}`, async () => {
      const [found, expected] = [await valuesOn('wasm', input, args), await valuesOn('cpu', input, args)]
      expect(found).to.have.length(expected.length)
      for (const [i, tensor] of expected.entries()) expect(deviation(found[i], tensor)).to.be.below(1e-5)
    })
  }

  it('make a training step of the 2NN of under 15 kernels that compute', async () => {
    await startBackend('wasm')
    const labels = [...'0123456789']
    const task = { input: image(28), labels }
    const network = await buildNetwork(
      manifestOf({ task, architecture: { preset: 'mlp', hidden: [200, 200] } })
    )
    setFlat(network, initialWeights(network.layout, 1))
    const batch = { count: 2, features: new Float32Array(2 * 784).fill(0.5), targets: Float32Array.of(1, 2) }
    const optimizer = createOptimizer({ name: 'sgd' }, 0.1)
    const { kernels } = await tf.profile(() => {
      withGradients(network, batch, (gradients) =>
        optimizer.apply(network.trained, gradients, tensorMemory())
      )
    })
    network.dispose()
    const names = kernels.map(({ name }) => name)
    // Those are other names of the same values.
    const computing = names.filter((name) => name !== 'Identity' && name !== 'Reshape')
    expect(computing.length, computing.join(' ')).to.be.below(15)
    expect(names).to.not.include('Relu')
  })
})
