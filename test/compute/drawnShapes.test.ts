import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { drawnCases } from './drawnCases.ts'
import { deviation, drawn, gradientsOf } from './tensors.ts'

/** Builds values to compare on the active backend. */
type Case = () => tf.Tensor[]

const SEEDS = Array.from({ length: 24 }, (_, i) => i + 1)

const values = async (backend: 'wasm' | 'cpu', cases: Case[]): Promise<Float32Array[][]> => {
  await startBackend(backend)
  return cases.map((make) => tf.tidy(() => make().map((tensor) => tensor.dataSync<'float32'>().slice())))
}

/** Every case within `allowed` of cpu, as a share of the largest value. */
async function expectAgreement(cases: Case[], allowed = 1e-5): Promise<void> {
  const found = await values('wasm', cases)
  const expected = await values('cpu', cases)
  const deviations = expected.flatMap((tensors, i) =>
    tensors.map((tensor, j) => deviation(found[i][j], tensor))
  )
  expect(Math.max(...deviations)).to.be.below(allowed)
}

describe('training kernels on drawn shapes, against cpu', () => {
  for (const [name, make] of Object.entries(drawnCases)) {
    it(`${name}: values and gradients`, async () => {
      // Fewer products round more: test/compute/winograd.test.ts.
      const allowed = name.includes('many channels') ? 2e-5 : 1e-5
      await expectAgreement(
        SEEDS.map((seed) => () => make(seed)),
        allowed
      )
    }).timeout(60_000)
  }

  it('nothing at all', async () => {
    const withGradients = (f: (...xs: tf.Tensor[]) => tf.Tensor, shapes: number[][]): tf.Tensor[] => {
      const xs = shapes.map((shape) => drawn(100, shape))
      return [f(...xs), ...gradientsOf(f, xs)]
    }
    await expectAgreement([
      () =>
        withGradients(
          (a, b) => tf.matMul(a, b),
          [
            [0, 3],
            [3, 2]
          ]
        ),
      () => withGradients((x, bias) => tf.relu(tf.add(x, bias)), [[0, 3], [3]])
    ])
  })
})
