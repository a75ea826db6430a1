import * as tf from '@tensorflow/tfjs-core'
import { layers } from '@tensorflow/tfjs-layers'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { beforeBiasRelu } from '../../src/compute/wasm/biasRelu.ts'
import { deviation, drawn, kernelsOfStep, layerValues } from './tensors.ts'
import type { LayerRun } from './tensors.ts'

type ConvArgs = Parameters<typeof layers.conv2d>[0]

const valuesOn = async (
  backend: LayerRun['backend'],
  input: number[],
  args: ConvArgs
): Promise<Float32Array[]> =>
  await layerValues({ backend, input, layer: () => layers.conv2d({ ...args, inputShape: input.slice(1) }) })

describe('convolution layers in one operation', () => {
  const cases: [number[], ConvArgs][] = [
    [[2, 7, 6, 3], { filters: 5, kernelSize: 3, activation: 'relu' }],
    [[1, 5, 5, 1], { filters: 1, kernelSize: 1 }],
    [[3, 8, 9, 4], { filters: 8, kernelSize: [2, 5], padding: 'same', activation: 'relu', strides: 2 }],
    [[2, 6, 6, 2], { filters: 3, kernelSize: 3, padding: 'same', activation: 'relu', useBias: false }],
    [[2, 6, 6, 2], { filters: 3, kernelSize: 3, strides: [1, 3], useBias: false }],
    [[2, 6, 6, 2], { filters: 3, kernelSize: 3, activation: 'tanh' }]
  ]
  for (const [input, args] of cases) {
    it(`give the values and gradients of the plain layer: [${input.join()}], ${JSON.stringify(args)}`, async () => {
      const [found, expected] = [await valuesOn('wasm', input, args), await valuesOn('cpu', input, args)]
      expect(found).to.have.length(expected.length)
      for (const [i, tensor] of expected.entries()) expect(deviation(found[i], tensor)).to.be.below(1e-5)
    })
  }

  it('are one kernel forward, and one for bias and ReLU on the way back', async () => {
    await startBackend('wasm')
    const layer = (): ReturnType<typeof layers.conv2d> =>
      layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 2] })
    const names = await kernelsOfStep(layer, [2, 6, 6, 2])
    const ours = names.filter((name) => name.startsWith('Murmur'))
    expect(ours).to.deep.equal(['MurmurConv2D', 'MurmurBiasReluGrad'])
    expect(names).to.not.include('Add')
    expect(names).to.not.include('Relu')
  })

  it('leave no tensors behind', async () => {
    await valuesOn('wasm', ...cases[0])
    const before = tf.memory()
    await valuesOn('wasm', ...cases[0])
    expect(tf.memory()).to.include({ numTensors: before.numTensors, numBytes: before.numBytes })
  })
})

describe('the way back through bias and ReLU', () => {
  it('is what it is value by value, whatever the shape: also of no row', async () => {
    await startBackend('wasm')
    for (let n = 1; n < 12; n++) {
      for (const rows of [0, 1, 2, 7]) {
        tf.tidy(() => {
          const [y, dy] = [tf.relu(drawn(n, [rows, n])), drawn(rows, [rows, n])]
          const { slopes, bias } = beforeBiasRelu(dy, y, { relu: true, hasBias: true })
          const passed = dy.dataSync().map((slope, i) => (y.dataSync()[i] > 0 ? slope : 0))
          const sums = new Float32Array(n)
          for (const [i, slope] of passed.entries()) sums[i % n] += slope
          expect([...slopes.dataSync()]).to.deep.equal([...passed])
          expect([...bias().dataSync()]).to.deep.equal([...sums])
        })
      }
    }
  })
})
