import { getKernel, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { BackendRefusedError } from '../../src/compute/choose.ts'
import { planFor } from '../../src/model/task.ts'
import { narrowed } from '../../src/model/topology/narrow.ts'
import { compare, stepValues } from '../../src/training/selfCheck.ts'
import { selectBackend } from '../../src/training/trainer.ts'
import { failure } from '../helpers/failure.ts'
import { clock, image, tabular } from './fixtures.ts'
import { chain, trainable } from './trainable.ts'

describe('the self-check', () => {
  for (const [name, manifest] of Object.entries(trainable)) {
    it(`passes on wasm: ${name}`, async () => {
      const chosen = await selectBackend({ manifest, ...clock })
      expect(chosen.attempts).to.have.length(1)
      expect(chosen.name).to.equal('wasm')
    })
  }

  it('falls back to cpu where wasm lacks a gradient, says why', async () => {
    await startBackend('wasm')
    const manifest = chain({ input: image(6) }, ['DepthwiseConv2D', { kernel_size: 3 }], ['Flatten', {}])
    const kernel = getKernel('DepthwiseConv2dNativeBackpropFilter', 'wasm')
    unregisterKernel(kernel.kernelName, 'wasm')
    try {
      const chosen = await selectBackend({ manifest, ...clock })
      expect(chosen.name).to.equal('cpu')
      expect(chosen.attempts[0].reason).to.include('DepthwiseConv2dNativeBackprop')
    } finally {
      registerKernel(kernel)
    }
  })

  it('refuses a backend that was asked for by name and is not right, and says what to do', async () => {
    const wrong = { name: 'webgpu', start: () => Promise.reject(new Error('no device')) }
    const init = { manifest: trainable['logistic'], backend: 'webgpu' as const, ...clock }
    const error = await failure(selectBackend({ ...init, backends: [wrong] }), BackendRefusedError)
    expect(error.message).to.match(
      /'webgpu' was asked for and cannot train here: no device\. .*murmur doctor/
    )
    const none = await failure(selectBackend(init), BackendRefusedError)
    expect(none.message).to.include('there is none of this name here')
    const chosen = await selectBackend({ ...init, backend: undefined, backends: [wrong] })
    expect(chosen.attempts.map(({ name, reason }) => [name, reason])).to.deep.equal([
      ['webgpu', 'no device'],
      ['wasm', undefined]
    ])
  })

  it('names what deviates', async () => {
    await startBackend('cpu')
    const plan = planFor(trainable['logistic'])
    const expected = await stepValues(trainable['logistic'], plan)
    const off = new Map([...expected].map(([name, values]) => [name, values.map((value) => value * 1.01)]))
    expect(() => compare('wasm', off, expected)).to.throw(
      /wasm computes the gradient of dense_?\w*\/kernel|output\/kernel/
    )
    const broken = new Map([...expected].map(([name, values]) => [name, values.map(() => NaN)]))
    expect(() => compare('wasm', broken, expected)).to.throw('deviation of NaN')
    expect(() => compare('wasm', new Map(), expected)).to.throw('deviation of Infinity')
    compare('wasm', expected, expected)
  })

  it('checks a large model by a narrow sister with the same layers', () => {
    const plan = planFor(trainable['cnn'])
    const sister = narrowed(plan)
    expect(sister.topology.layers.map((layer) => layer.className)).to.deep.equal(
      plan.topology.layers.map((layer) => layer.className)
    )
    expect(sister.output).to.deep.equal(plan.output)
    expect(sister.operations).to.be.below(plan.operations / 20)
    const rigid = chain(
      { input: tabular(4) },
      ['Dense', { units: 16 }],
      ['Reshape', { target_shape: [4, 4] }],
      ['Flatten', {}]
    )
    expect(narrowed(planFor(rigid)).parameters).to.equal(planFor(rigid).parameters)
  })
})
