import * as tf from '@tensorflow/tfjs-core'
import { layers } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { layerNorm } from '../../src/compute/wasm/layerNormalization.ts'
import { seededRandom } from '../../src/random.ts'
import { differences, naiveLayerNorm } from './naive.ts'
import { deviation, drawn, gradientsOf, kernelsOfStep, layerValues } from './tensors.ts'
import type { LayerRun } from './tensors.ts'

type Args = NonNullable<Parameters<typeof layers.layerNormalization>[0]>

const valuesOn = async (backend: LayerRun['backend'], input: number[], args: Args): Promise<Float32Array[]> =>
  await layerValues({
    backend,
    input,
    layer: () => layers.layerNormalization({ ...args, inputShape: input.slice(1) })
  })

async function expectAgreement(input: number[], args: Args): Promise<void> {
  const [found, expected] = [await valuesOn('wasm', input, args), await valuesOn('cpu', input, args)]
  expect(found).to.have.length(expected.length)
  for (const [i, tensor] of expected.entries()) expect(deviation(found[i], tensor)).to.be.below(1e-5)
}

describe('layer normalisation in one operation', () => {
  for (const args of [
    {},
    { epsilon: 1e-5 },
    { center: false },
    { scale: false },
    { center: false, scale: false }
  ]) {
    it(`gives the values and gradients of the plain layer: ${JSON.stringify(args)}`, async () => {
      for (const input of [
        [7, 5],
        [1, 16],
        [3, 4, 9],
        [2, 3, 2, 33]
      ])
        await expectAgreement(input, args)
    })
  }

  it('agrees with a naive layer and its differences, whatever the shape: also of one value, of no row', async () => {
    await startBackend('wasm')
    const random = seededRandom(6)
    for (let i = 0; i < 30; i++) expectNaive(i % 5, 1 + (random() % 40))
  })

  it('is one kernel forward and one backward', async () => {
    await startBackend('wasm')
    const names = await kernelsOfStep(() => layers.layerNormalization({ inputShape: [6] }), [2, 6])
    const ours = names.filter((name) => name.startsWith('Murmur'))
    expect(ours).to.deep.equal(['MurmurLayerNorm', 'MurmurLayerNormGrad'])
    expect(names).to.not.include('Mean')
  })

  it('stays as it was over another axis', async () => {
    await expectAgreement([3, 4, 9], { axis: 1 })
  })

  it('shows a NaN in its row, and there alone', async () => {
    await startBackend('wasm')
    const rows = tf.tidy(() => {
      const x = tf.tensor2d([1, NaN, 2, 1, 2, 3], [2, 3])
      return layerNorm(x, { gamma: null, beta: null }, 1e-3).arraySync() as number[][]
    })
    expect(rows.map((row) => row.every(Number.isNaN))).to.deep.equal([true, false])
  })

  it('leaves no tensors behind', async () => {
    await valuesOn('wasm', [3, 4], {})
    const before = tf.memory()
    await valuesOn('wasm', [3, 4], {})
    expect(tf.memory().numTensors).to.equal(before.numTensors)
    expect(tf.memory().numBytes).to.equal(before.numBytes)
  })
})

/** Values, and gradients by input and weights, against float64. */
function expectNaive(rows: number, n: number): void {
  tf.tidy(() => {
    const tensors = [[rows, n], [n], [n]].map((shape, i) => drawn(i + 1, shape))
    const apply = (...[x, gamma, beta]: tf.Tensor[]): tf.Tensor => layerNorm(x, { gamma, beta }, 1e-2)
    const operands = tensors.map((tensor) => ({
      shape: tensor.shape,
      values: Float64Array.from(tensor.dataSync())
    }))
    const layer = naiveLayerNorm(1e-2)
    const slopes = drawn(77, [rows, n]).dataSync<'float32'>()
    const expected = [Float32Array.from(layer(...operands)), ...differences(layer, operands, slopes)]
    for (const [i, tensor] of [apply(...tensors), ...gradientsOf(apply, tensors)].entries()) {
      expect(deviation(tensor.dataSync<'float32'>(), expected[i]), `[${rows}, ${n}]`).to.be.below(1e-5)
    }
  })
}
