import { getBackend } from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { backendCandidates, BackendStartError } from '../../src/compute/backend.ts'
import { BackendAbsentError, chooseBackend, NoBackendError } from '../../src/compute/choose.ts'
import { tensorMemory } from '../../src/compute/memory.ts'
import { startBackend } from '../../src/compute/backend.ts'
import { matMul, tensor, tidy } from '@tensorflow/tfjs-core'
import type { BackendCandidate } from '../../src/compute/choose.ts'

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
    const check = async ({ name }: { name: string }): Promise<void> => {
      if (name === 'wasm') throw new Error('2 + 2 came to 5')
    }
    const chosen = await chooseBackend(backendCandidates(), { check, now: ticking() })
    expect(chosen.name).to.equal('cpu')
    expect(chosen.attempts[0]).to.deep.equal({ name: 'wasm', reason: '2 + 2 came to 5', durationMs: 1 })
    expect(getBackend()).to.equal('cpu')
  })

  it('takes the fastest of those that pass, and says of the others how fast they are', async () => {
    const started: string[] = []
    const candidate = (name: string): BackendCandidate => ({
      name,
      start: async () => void started.push(name)
    })
    const ms: Record<string, number> = { slow: 3, quick: 1, middling: 2 }
    const measure = async (): Promise<number> => ms[started.at(-1)!]
    const all = ['slow', 'quick', 'middling'].map(candidate)
    const chosen = await chooseBackend(all, { measure, now: ticking() })
    expect(chosen.name).to.equal('quick')
    expect(started.at(-1)).to.equal('quick')
    expect(chosen.attempts.map(({ reason }) => reason)).to.deep.equal([
      'passed its check, but is slower: 3.00 ms a step, quick 1.00',
      undefined,
      'passed its check, but is slower: 2.00 ms a step, quick 1.00'
    ])
  })

  it('does not touch the last resort, nor measure, where one alone passes', async () => {
    const measure = (): Promise<number> => Promise.reject(new Error('nothing to compare'))
    const broken: BackendCandidate = {
      name: 'broken',
      start: () => Promise.reject(new Error('no such device'))
    }
    const chosen = await chooseBackend([broken, ...backendCandidates()], { measure, now: ticking() })
    expect(chosen.attempts.map(({ name }) => name)).to.deep.equal(['broken', 'wasm'])
    expect(getBackend()).to.equal('wasm')
  })

  it('tells what is not there from what is wrong', async () => {
    const absent: BackendCandidate = {
      name: 'gpu',
      start: () => Promise.reject(new BackendAbsentError('not installed', 'install it'))
    }
    const chosen = await chooseBackend([absent, ...backendCandidates()], { now: ticking() })
    expect(chosen.attempts[0]).to.include({ isAbsent: true, reason: 'not installed; install it' })
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
