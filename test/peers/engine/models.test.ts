import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { BlocksUnavailableError } from '../../../protocols/blocks/index.ts'
import { Models } from '../../../peers/engine/models.ts'
import { SupersededError } from '../../../peers/engine/superseded.ts'
import { failure } from '../../helpers/failure.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { engineClock } from './swarm.ts'
import { someCid, someTip } from '../../rounds/ledger.ts'
import type { Checkpoint } from '../../../peers/engine/components.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

describe('the model of the tip', () => {
  const tipWith = (model: number, height: number): LedgerTip =>
    someTip({ body: { model: someCid(model), height } })
  const held = { weights: Float32Array.of(1), moments: new Float32Array() }
  let asked: { tip: LedgerTip; signal: AbortSignal; answer: PromiseWithResolvers<Checkpoint> }[]
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
        const answer = Promise.withResolvers<Checkpoint>()
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
    asked[0].answer.resolve(held)
    expect(await Promise.all(all)).to.deep.equal([held, held, held])
    expect(await models.of(tipWith(1, 13))).to.equal(held)
    expect(asked).to.have.length(1)
    expect(models.coming).to.deep.equal([])
  })

  it('gives up one that is overtaken, and tells who waits for it', async () => {
    const first = models.of(tipWith(1, 10))
    const second = models.of(tipWith(2, 11))
    await failure(first, SupersededError)
    expect(asked[0].signal.aborted).to.equal(true)
    asked[1].answer.resolve(held)
    expect(await second).to.equal(held)
  })

  it('is not disturbed by an answer that came a moment before it was wanted', async () => {
    const first = models.of(tipWith(1, 10))
    asked[0].answer.resolve(held)
    const second = models.of(tipWith(2, 11))
    await first.catch(() => {})
    expect(asked[1].signal.aborted).to.equal(false)
    asked[1].answer.resolve(held)
    expect(await second).to.equal(held)
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
    asked[3].answer.resolve(held)
    await wanted
    expect(models.lacks).to.equal(false)
    expect(lacking).to.deep.equal([undefined])
  })

  it('leaves the memory when the ledger has another', async () => {
    models.hold(tipWith(1, 10).body, held)
    models.moved(tipWith(1, 10).body)
    expect(await models.of(tipWith(1, 10))).to.equal(held)
    models.moved(tipWith(2, 11).body)
    const wanted = models.of(tipWith(1, 10))
    expect(asked).to.have.length(1)
    models.stop()
    await failure(wanted, SupersededError)
  })

  it('is another one where only what the optimizer remembers differs', async () => {
    const tipOf = (state: number | null, height: number): LedgerTip =>
      someTip({
        body: { model: someCid(1), optimizerState: state == null ? null : someCid(state), height }
      })
    const first = models.of(tipOf(7, 10))
    expect(models.coming.map(String)).to.deep.equal([someCid(1), someCid(7)].map(String))
    const second = models.of(tipOf(8, 11))
    await failure(first, SupersededError)
    asked[1].answer.resolve(held)
    expect(await second).to.equal(held)
    expect(await models.of(tipOf(8, 12))).to.equal(held)
    models.moved(tipOf(null, 13).body)
    const third = models.of(tipOf(8, 12))
    expect(asked).to.have.length(3)
    models.stop()
    await failure(third, SupersededError)
  })
})
