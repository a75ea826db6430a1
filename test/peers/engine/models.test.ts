import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { BlocksUnavailableError } from '../../../protocols/blocks/index.ts'
import { Models } from '../../../peers/engine/models.ts'
import { SupersededError } from '../../../peers/engine/superseded.ts'
import { failure } from '../../helpers/failure.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { engineClock } from './swarm.ts'
import { someCid, someTip } from '../../rounds/ledger.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

describe('the model of the tip', () => {
  const tipWith = (model: number, height: number): LedgerTip =>
    someTip({ body: { model: someCid(model), height } })
  const weights = Float32Array.of(1)
  let asked: { tip: LedgerTip; signal: AbortSignal; answer: PromiseWithResolvers<Float32Array> }[]
  let lacking: (Error | undefined)[]
  let clock: VirtualClock
  let models: Models

  beforeEach(() => {
    asked = []
    lacking = []
    clock = new VirtualClock()
    models = new Models({
      clock: engineClock(clock),
      log: defaultLogger().forComponent('murmur:test'),
      get: async (tip, signal) => {
        const answer = Promise.withResolvers<Float32Array>()
        signal.addEventListener('abort', () => answer.reject(signal.reason as Error))
        asked.push({ tip, signal, answer })
        return await answer.promise
      },
      onLacking: (error) => lacking.push(error)
    })
  })

  it('is fetched once while commits come that leave it as it is', async () => {
    const all = [10, 11, 12].map((height) => models.of(tipWith(1, height)))
    expect(asked).to.have.length(1)
    expect(models.coming.map(String)).to.deep.equal([String(someCid(1))])
    asked[0].answer.resolve(weights)
    expect(await Promise.all(all)).to.deep.equal([weights, weights, weights])
    expect(await models.of(tipWith(1, 13))).to.equal(weights)
    expect(asked).to.have.length(1)
    expect(models.coming).to.deep.equal([])
  })

  it('gives up one that is overtaken, and tells who waits for it', async () => {
    const first = models.of(tipWith(1, 10))
    const second = models.of(tipWith(2, 11))
    await failure(first, SupersededError)
    expect(asked[0].signal.aborted).to.equal(true)
    asked[1].answer.resolve(weights)
    expect(await second).to.equal(weights)
  })

  it('is not disturbed by an answer that came a moment before it was wanted', async () => {
    const first = models.of(tipWith(1, 10))
    asked[0].answer.resolve(weights)
    const second = models.of(tipWith(2, 11))
    await first.catch(() => {})
    expect(asked[1].signal.aborted).to.equal(false)
    asked[1].answer.resolve(weights)
    expect(await second).to.equal(weights)
  })

  it('is asked for again all the time while nobody has it, which is told once', async () => {
    const wanted = models.of(tipWith(1, 10))
    for (let i = 0; i < 3; i++) {
      asked[i].answer.reject(new BlocksUnavailableError([someCid(1)], []))
      await new Promise((resolve) => setImmediate(resolve))
      expect(models.lacks).to.equal(true)
      clock.advance(500)
      await new Promise((resolve) => setImmediate(resolve))
    }
    asked[3].answer.resolve(weights)
    await wanted
    expect(models.lacks).to.equal(false)
    expect(lacking).to.deep.equal([undefined])
  })

  it('leaves the memory when the ledger has another', async () => {
    models.hold(someCid(1), weights)
    models.moved(someCid(1))
    expect(await models.of(tipWith(1, 10))).to.equal(weights)
    models.moved(someCid(2))
    const wanted = models.of(tipWith(1, 10))
    expect(asked).to.have.length(1)
    models.stop()
    await failure(wanted, SupersededError)
  })
})
