import * as tf from '@tensorflow/tfjs-core'
import { layers } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { setFlat } from '../../src/model/build.ts'
import { initialWeights } from '../../src/model/initial.ts'
import { buildNetwork, withGradients } from '../../src/training/network.ts'
import { createOptimizer } from '../../src/training/optimizer.ts'
import { tensorMemory } from '../../src/compute/memory.ts'
import { image, manifestOf } from '../training/fixtures.ts'
import { deviation, layerValues } from './tensors.ts'
import type { LayerRun } from './tensors.ts'

type DenseArgs = Parameters<typeof layers.dense>[0]

const valuesOn = async (
  backend: LayerRun['backend'],
  input: number[],
  args: DenseArgs
): Promise<Float32Array[]> =>
  await layerValues({ backend, input, layer: () => layers.dense({ ...args, inputShape: input.slice(1) }) })

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
      void withGradients(network, batch, (gradients) =>
        optimizer.apply(network.trained, gradients, tensorMemory())
      )
    })
    network.dispose()
    const names = kernels.map(({ name }) => name)
    // Other names of the same values; and `forward`, around the kernel of the loss.
    const computing = names.filter((name) => !['Identity', 'Reshape', 'forward'].includes(name))
    expect(computing.length, computing.join(' ')).to.be.below(15)
    expect(names).to.not.include('Relu')
  })
})
