import { getBackend } from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import {
  backendCandidates,
  BackendStartError,
  chooseBackend,
  NoBackendError
} from '../../src/compute/backend.ts'
import { tensorMemory } from '../../src/compute/memory.ts'
import { startBackend } from '../../src/compute/backend.ts'
import { matMul, tensor, tidy } from '@tensorflow/tfjs-core'

/** A clock that advances one millisecond a look. */
const ticking = (): (() => number) => {
  let time = 0
  return () => time++
}

describe('choosing a backend', () => {
  it('takes wasm when it passes', async () => {
    const chosen = await chooseBackend(backendCandidates(), { now: ticking() })
    expect(chosen).to.deep.equal({ name: 'wasm', attempts: [{ name: 'wasm', durationMs: 1 }] })
    expect(getBackend()).to.equal('wasm')
  })

  it('keeps the reason and tries the next when a check fails', async () => {
    const check = async (name: string): Promise<void> => {
      if (name === 'wasm') throw new Error('2 + 2 came to 5')
    }
    const chosen = await chooseBackend(backendCandidates(), { check, now: ticking() })
    expect(chosen.name).to.equal('cpu')
    expect(chosen.attempts[0]).to.deep.equal({ name: 'wasm', reason: '2 + 2 came to 5', durationMs: 1 })
    expect(getBackend()).to.equal('cpu')
  })

  it('says why each failed when none is left', async () => {
    const start = (): Promise<void> => Promise.reject(new BackendStartError('gpu', ''))
    const error = await chooseBackend([{ name: 'gpu', start }], { now: ticking() }).catch((e: unknown) => e)
    expect(error).to.be.instanceOf(NoBackendError)
    expect(error)
      .to.have.property('message')
      .that.includes("gpu: Backend 'gpu' did not start: 'none' is active")
  })
})

describe('tensor memory', () => {
  for (const backend of ['wasm', 'cpu'] as const) {
    it(`changes a tensor in place on ${backend}, and products see it`, async () => {
      await startBackend(backend)
      const values = tidy(() => {
        const [a, b] = [tensor([[1, 2]]), tensor([[1], [1]])]
        const first = matMul(a, b).dataSync()[0]
        const memory = tensorMemory()
        memory.view(b).set([10, 100])
        memory.changed(b)
        return [first, matMul(a, b).dataSync()[0], ...memory.view(b)]
      })
      expect(values).to.deep.equal([3, 210, 10, 100])
    })
  }
})
