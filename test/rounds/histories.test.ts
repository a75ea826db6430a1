import { expect } from 'chai'
import { drawHistory, playHistory } from './histories.ts'
import { Network } from './network.ts'

/** How many seeds a run tries, and from which on: `HISTORIES=5000 FROM=1000 npx mocha test/rounds/histories.test.ts`. */
const COUNT = Number(process.env.HISTORIES ?? 150)
const FROM = Number(process.env.FROM ?? 0)

function play(seed: number, faultModel: 'crash' | 'byzantine'): void {
  try {
    playHistory(drawHistory(seed, faultModel))
  } catch (cause) {
    const again = `HISTORIES=1 FROM=${seed} npx mocha test/rounds/histories.test.ts -g ${faultModel}`
    throw new Error(`${(cause as Error).message}\nTo see it again: ${again}`, { cause })
  }
}

describe('histories of random faults', () => {
  for (const faultModel of ['crash', 'byzantine'] as const) {
    it(`never lead to disagreement, nor to a standstill after the faults (${faultModel})`, () => {
      for (let seed = FROM; seed < FROM + COUNT; seed++) play(seed, faultModel)
    }).timeout(30_000 + 200 * COUNT)
  }
})

describe('the cost of agreement', () => {
  it('is small: four machines', function () {
    const rounds = 200
    const startedAt = performance.now()
    const network = new Network({ members: 4, trainMs: () => 1, delayMs: [0, 1], healEveryMs: 1e9 })
    network.start().until(rounds)
    const seconds = (performance.now() - startedAt) / 1000
    this.test!.title += `: ${Math.round(rounds / seconds)} rounds a second, ${network.events / rounds} events a round`
    expect(network.decided.size).to.be.at.least(rounds)
  })
})
