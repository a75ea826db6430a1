import * as tf from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { fuseLayers } from '../../src/compute/layers.ts'
import { normal, seededRandom } from '../../src/random.ts'

type LstmArgs = Parameters<typeof layers.lstm>[0]

/** TensorFlow.js' own draw needs methods on tensors that are not registered here; the weights are replaced anyway. */
const layerOf = (args: LstmArgs, inputShape: number[]): ReturnType<typeof layers.lstm> =>
  layers.lstm({ ...args, inputShape, recurrentInitializer: 'zeros' })

interface Shape {
  batch: number
  steps: number
  features: number
}

const drawn = (seed: number, shape: number[]): tf.Tensor => {
  const random = seededRandom(seed)
  const size = shape.reduce((product, n) => product * n, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => normal(random)),
    shape
  )
}

/** Output, and the gradients of a weighted sum of it by input and weights, on a backend. */
async function valuesOn(
  backend: 'wasm' | 'cpu',
  { batch, steps, features }: Shape,
  args: LstmArgs
): Promise<Float32Array[]> {
  await startBackend(backend)
  const model = sequential({ layers: [layerOf(args, [steps, features])] })
  fuseLayers(model)
  tf.tidy(() =>
    model.setWeights(model.weights.map(({ shape }, i) => tf.mul(drawn(i + 1, shape as number[]), 0.5)))
  )
  const values = tf.tidy(() => {
    const input = drawn(9, [batch, steps, features])
    const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable)
    const apply = (x: tf.Tensor): tf.Tensor => model.apply(x, { training: true }) as tf.Tensor
    const weighted = (x: tf.Tensor): tf.Tensor => tf.sum(tf.mul(apply(x), drawn(77, apply(x).shape)))
    const { grads } = tf.variableGrads(() => weighted(input) as tf.Scalar, weights)
    const all = [apply(input), tf.grad(weighted)(input), ...weights.map(({ name }) => grads[name])]
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

describe('LSTM layers in one operation', () => {
  const shapes: Shape[] = [
    { batch: 3, steps: 7, features: 5 },
    // Of one step TensorFlow.js cannot compute the gradient.
    { batch: 1, steps: 2, features: 1 },
    { batch: 10, steps: 4, features: 8 }
  ]
  const options: Partial<LstmArgs>[] = [
    {},
    { recurrentActivation: 'sigmoid' },
    { returnSequences: true },
    { useBias: false, returnSequences: true, recurrentActivation: 'sigmoid' }
  ]
  for (const option of options) {
    for (const units of [4, 20]) {
      it(`give the values and gradients of the plain layer: ${units} units, ${JSON.stringify(option)}`, async () => {
        for (const shape of shapes) {
          const args = { units, ...option }
          const [found, expected] = [await valuesOn('wasm', shape, args), await valuesOn('cpu', shape, args)]
          for (const [i, tensor] of expected.entries()) expect(deviation(found[i], tensor)).to.be.below(1e-5)
        }
      })
    }
  }

  it('are one kernel forward and one backward', async () => {
    await startBackend('wasm')
    const names = await kernelsOf({ units: 8 })
    expect(names.filter((name) => name.startsWith('MurmurLstm'))).to.have.length(2)
    expect(names).to.not.include('Tanh')
  })

  for (const [what, args] of Object.entries<LstmArgs>({
    'odd units': { units: 6 },
    'another activation': { units: 8, activation: 'relu' },
    'going backwards': { units: 8, goBackwards: true }
  })) {
    it(`stay as they were: ${what}`, async () => {
      const shape = shapes[0]
      const [found, expected] = [await valuesOn('wasm', shape, args), await valuesOn('cpu', shape, args)]
      for (const [i, tensor] of expected.entries()) expect(deviation(found[i], tensor)).to.be.below(1e-5)
      await startBackend('wasm')
      expect(await kernelsOf(args)).to.not.include('MurmurLstm')
    })
  }

  it('leave no tensors behind', async () => {
    await valuesOn('wasm', shapes[0], { units: 8 })
    const before = tf.memory()
    await valuesOn('wasm', shapes[0], { units: 8 })
    expect(tf.memory().numTensors).to.equal(before.numTensors)
    expect(tf.memory().numBytes).to.equal(before.numBytes)
  })
})

/** The kernels that one training step of a layer runs. */
async function kernelsOf(args: LstmArgs): Promise<string[]> {
  const model = sequential({ layers: [layerOf(args, [3, 2])] })
  fuseLayers(model)
  const { kernels } = await tf.profile(() =>
    tf.tidy(() => tf.variableGrads(() => tf.sum(model.apply(drawn(1, [2, 3, 2])) as tf.Tensor)).value)
  )
  model.dispose()
  return kernels.map(({ name }) => name)
}
