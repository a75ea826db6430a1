import * as tf from '@tensorflow/tfjs-core'
import { layers } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { seededRandom } from '../../src/random.ts'
import { recurrent } from '../../src/compute/wasm/recurrent.ts'
import { differences, gruStep, lstmStep, naiveRecurrent } from './naive.ts'
import { deviation, drawn, gradientsOf, kernelsOfStep, layerValues } from './tensors.ts'
import type { LayerRun } from './tensors.ts'

type Args = Parameters<typeof layers.lstm>[0] & Parameters<typeof layers.gru>[0]
type Name = 'lstm' | 'gru'

/** TensorFlow.js' own draw needs methods on tensors that are not registered here; the weights are replaced anyway. */
const layerOf = (name: Name, args: Args, inputShape: number[]): ReturnType<typeof layers.lstm> =>
  layers[name]({ ...args, inputShape, recurrentInitializer: 'zeros' })

interface Shape {
  batch: number
  steps: number
  features: number
}

interface Case extends Shape {
  name: Name
  args: Args
}

const valuesOn = async (
  backend: LayerRun['backend'],
  { name, args, batch, steps, features }: Case
): Promise<Float32Array[]> =>
  await layerValues({
    backend,
    layer: () => layerOf(name, args, [steps, features]),
    input: [batch, steps, features],
    scale: 0.5,
    training: true
  })

async function expectAgreement(of: Case): Promise<void> {
  const [found, expected] = [await valuesOn('wasm', of), await valuesOn('cpu', of)]
  expect(found).to.have.length(expected.length)
  for (const [i, tensor] of expected.entries()) expect(deviation(found[i], tensor)).to.be.below(1e-5)
}

const shapes: Shape[] = [
  { batch: 3, steps: 7, features: 5 },
  // Of one step TensorFlow.js cannot compute the gradient.
  { batch: 1, steps: 2, features: 1 },
  { batch: 10, steps: 4, features: 8 }
]
const options: Partial<Args>[] = [
  {},
  { recurrentActivation: 'sigmoid' },
  { returnSequences: true },
  { useBias: false, returnSequences: true, recurrentActivation: 'sigmoid' }
]

for (const [name, kernel] of [
  ['lstm', 'MurmurLSTM'],
  ['gru', 'MurmurGRU']
] as const) {
  describe(`${name} layers in one operation`, () => {
    for (const option of options) {
      it(`give the values and gradients of the plain layer: ${JSON.stringify(option)}`, async () => {
        for (const units of [7, 20]) {
          for (const shape of shapes) await expectAgreement({ name, args: { units, ...option }, ...shape })
        }
      })
    }

    it('agree with a naive layer and its differences, whatever the shape: also of one step, of one value, of none', async () => {
      await startBackend('wasm')
      const random = seededRandom(5)
      for (let i = 0; i < 20; i++) {
        const [steps, features, units] = [1, 2, 3].map(() => 1 + (random() % 6))
        expectNaive(name, { batch: i % 4, steps, features, units })
      }
    })

    it('are one kernel forward and one backward', async () => {
      await startBackend('wasm')
      for (const units of [6, 8]) {
        const names = await kernelsOfStep(() => layerOf(name, { units }, [3, 2]), [2, 3, 2])
        expect(names.filter((one) => one.startsWith('Murmur'))).to.deep.equal([kernel, `${kernel}Grad`])
        expect(names).to.not.include('Tanh')
      }
    })

    for (const [what, args] of Object.entries<Args>({
      'another activation': { units: 8, activation: 'relu' },
      'going backwards': { units: 8, goBackwards: true }
    })) {
      it(`stay as they were: ${what}`, async () => {
        await expectAgreement({ name, args, ...shapes[0] })
        await startBackend('wasm')
        expect(await kernelsOfStep(() => layerOf(name, args, [3, 2]), [2, 3, 2])).to.not.include(kernel)
      })
    }

    it('leave no tensors behind', async () => {
      const of: Case = { name, args: { units: 8 }, ...shapes[0] }
      await valuesOn('wasm', of)
      const before = tf.memory()
      await valuesOn('wasm', of)
      expect(tf.memory().numTensors).to.equal(before.numTensors)
      expect(tf.memory().numBytes).to.equal(before.numBytes)
    })
  })
}

/** Values, and gradients by input and weights, against float64. */
function expectNaive(name: Name, { batch, steps, features, units }: Shape & { units: number }): void {
  const gates = name === 'lstm' ? 4 : 3
  const columns = gates * units
  const all = [[batch, steps, features], [features, columns], [units, columns], [columns]]
  tf.tidy(() => {
    const tensors = all.map((shape, i) => drawn(i + 1, shape))
    const apply = (...[x, kernel, recurrentKernel, bias]: tf.Tensor[]): tf.Tensor => {
      const weights = { kernel, recurrent: recurrentKernel, bias }
      const kind = name === 'lstm' ? 'LSTM' : 'GRU'
      return recurrent(kind, { x, weights }, { hard: false, returnSequences: true })
    }
    const operands = tensors.map((tensor) => ({
      shape: tensor.shape,
      values: Float64Array.from(tensor.dataSync())
    }))
    const layer = naiveRecurrent(name === 'lstm' ? lstmStep : gruStep)
    const slopes = drawn(77, [batch, steps, units]).dataSync<'float32'>()
    const expected = [Float32Array.from(layer(...operands)), ...differences(layer, operands, slopes)]
    const found = [apply(...tensors), ...gradientsOf(apply, tensors)]
    for (const [i, tensor] of found.entries()) {
      expect(deviation(tensor.dataSync<'float32'>(), expected[i])).to.be.below(1e-5)
    }
  })
}
