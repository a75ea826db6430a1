import * as tf from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { fuseLayers } from '../../src/compute/layers.ts'
import { deviation, drawn, layerValues } from './tensors.ts'
import type { LayerRun } from './tensors.ts'

type LstmArgs = Parameters<typeof layers.lstm>[0]

/** TensorFlow.js' own draw needs methods on tensors that are not registered here; the weights are replaced anyway. */
const layerOf = (args: LstmArgs, inputShape: number[]): ReturnType<typeof layers.lstm> =>
  layers.lstm({ ...args, inputShape, recurrentInitializer: 'zeros' })

interface Shape {
  batch: number
  steps: number
  features: number
}

const valuesOn = async (
  backend: LayerRun['backend'],
  { batch, steps, features }: Shape,
  args: LstmArgs
): Promise<Float32Array[]> =>
  await layerValues({
    backend,
    layer: () => layerOf(args, [steps, features]),
    input: [batch, steps, features],
    scale: 0.5,
    training: true
  })

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
