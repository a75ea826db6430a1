import { expect } from 'chai'
import { drawHistory, play, shrink, Simulation, withFaults } from '../../peers/simulated/index.ts'
import { quorumSize } from '../../src/rounds/index.ts'
import { calmHistory } from './scenario.ts'
import { historySweep } from './sweeps.ts'
import type { History } from '../../peers/simulated/index.ts'

/** Many more: sweeps.long.ts. */
const SEEDS = 200

describe('histories of random faults within the bound', () => {
  historySweep(SEEDS)

  it('are drawn with committees of two to four, and fewer liars than a quorum of them', () => {
    const histories = [...Array(300).keys()].map((seed) => drawHistory(seed, { committees: true }))
    const sizes = new Set(histories.map(({ federation }) => federation.committee))
    expect([...sizes].sort()).to.deep.equal([2, 3, 4])
    for (const { liars, federation } of histories) {
      const quorum = quorumSize(federation.committee ?? 0, federation.faultModel)
      expect(liars.length).to.be.lessThan(quorum)
    }
    expect(histories.some(({ liars }) => liars.length > 1)).to.equal(true)
  })

  it('are drawn with every fault, every strategy of liars, both fault models, 4 to 10 peers', () => {
    const histories = [...Array(300).keys()].map((seed) => drawHistory(seed))
    const faults = new Set(histories.flatMap((history) => history.faults.map((fault) => fault.type)))
    const lies = new Set(histories.flatMap((history) => history.liars.flatMap((liar) => liar.strategies)))
    const sizes = new Set(histories.map((history) => history.federation.peers))
    expect([...faults].sort()).to.deep.equal(['crash', 'cut', 'slow-disk', 'slow-peer', 'split', 'weather'])
    expect(lies.size).to.equal(10)
    expect([...sizes].sort((a, b) => a - b)).to.deep.equal([4, 5, 6, 7, 8, 9, 10])
    expect(new Set(histories.map((history) => history.federation.faultModel)).size).to.equal(2)
  })

  it('are the same again for a seed, event by event', () => {
    const trace = (): unknown => {
      const { events, simulation } = play(drawHistory(7))
      return [
        events,
        simulation.now(),
        simulation.describe(),
        [...simulation.observer.decided.values()].map(({ commit }) => commit?.address)
      ]
    }
    expect(trace()).to.deep.equal(trace())
  })

  it('survive as data: what JSON makes of one plays the same', () => {
    const history = drawHistory(11)
    const copy = JSON.parse(JSON.stringify(history)) as History
    expect(play(copy).events).to.equal(play(history).events)
  })
})

describe('faults beyond the bound', () => {
  /** Two of four liars: twice what the quorum bears. */
  const twoLiars = (seed: number): History => ({
    ...drawHistory(seed, { faultModel: 'byzantine' }),
    ...calmHistory({ seed, faultModel: 'byzantine', faultyMs: 5000 }),
    weather: { delayMs: [1, 100], loss: 0.05, duplication: 0.05 },
    liars: [0, 1].map((peer) => ({ peer, strategies: ['equivocate'] }))
  })

  it('are reported: liars that are too many make correct peers disagree or stand still', () => {
    const names = new Set([...Array(100).keys()].map((seed) => play(twoLiars(seed)).failure?.name))
    expect(names).to.include('ViolationError')
  })

  it('are reported: too many dead members are a standstill', () => {
    const faults = [{ type: 'crash' as const, peers: [0, 1], atMs: 100, forMs: 10_000_000 }]
    const { failure } = play(calmHistory({ faults, faultyMs: 1000 }))
    expect(failure?.name).to.equal('StalledError')
  })
})

describe('the shrinker', () => {
  it('cuts a schedule to what it takes to fail', () => {
    const noise = drawHistory(3).faults.filter(
      (fault) => fault.type === 'slow-disk' || fault.type === 'weather'
    )
    const deadly = { type: 'crash' as const, peers: [0, 1], atMs: 100, forMs: 10_000_000 }
    const cut = { type: 'split' as const, group: [0], atMs: 10, forMs: 50 }
    const history = calmHistory({ faults: [...noise, cut, deadly, ...noise], faultyMs: 1000 })
    const { failure } = play(history)
    if (failure == null) throw new Error('it should fail')
    const { kept, history: shrunk } = shrink(history, failure)
    expect(kept).to.deep.equal([noise.length + 1])
    expect(shrunk.faults).to.deep.equal([deadly])
    expect(play(withFaults(history, kept)).failure?.name).to.equal('StalledError')
  })
})

describe('the simulation', () => {
  it('plays what it checks: a federation in which nothing goes wrong', () => {
    const simulation = new Simulation(calmHistory()).start()
    while (simulation.observer.latest.position.tip.body.height < 20) simulation.next()
    expect(simulation.observer.accusations).to.deep.equal([])
  })
})
