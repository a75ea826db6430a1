import { expect } from 'chai'
import { playEngines } from '../../peers/simulated/engine/index.ts'
import { drawHistory } from '../../peers/simulated/index.ts'
import { hunt } from './mutants/hunt.ts'
import { engineMutants } from './mutants/list.ts'
import { drain } from './drain.ts'

const SEEDS = 10

describe('histories with real engines and real signatures', () => {
  for (const faultModel of ['crash', 'byzantine'] as const) {
    it(`never lead to a violation, nor to a standstill after the faults (${faultModel}, ${SEEDS} seeds)`, async () => {
      for (let seed = 0; seed < SEEDS; seed++) {
        const { failure, stage } = await playEngines(drawHistory(seed, { faultModel }), drain)
        const again = `node test/simulated/engines.ts --seeds 1 --first ${seed} --model ${faultModel}`
        expect(failure?.message, [again, ...stage.describe()].join('\n')).to.equal(undefined)
      }
    }).timeout(120_000)
  }

  it(`nor do they where each reduces a part for all (${SEEDS} seeds)`, async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const drawn = drawHistory(seed, { faultModel: 'crash', topology: 'butterfly' })
      const { failure, stage } = await playEngines(drawn, drain)
      const again = `node test/simulated/engines.ts --seeds 1 --first ${seed} --model crash --topology butterfly`
      expect(failure?.message, [again, ...stage.describe()].join('\n')).to.equal(undefined)
    }
  }).timeout(120_000)

  it(`nor do they where some members at a time fetch the updates (${SEEDS} seeds)`, async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { failure, stage } = await playEngines(drawHistory(seed, { committees: true }), drain)
      const again = `node test/simulated/engines.ts --seeds 1 --first ${seed} --committees`
      expect(failure?.message, [again, ...stage.describe()].join('\n')).to.equal(undefined)
    }
  }).timeout(120_000)

  it('are the same again for a seed, event by event', async () => {
    const trace = async (): Promise<unknown> => {
      const { events, stage } = await playEngines(drawHistory(5), drain)
      return [events, stage.now(), stage.watch.decided.map(({ tip }) => tip.cid.toString())]
    }
    expect(await trace()).to.deep.equal(await trace())
  })
})

describe('a rule taken away from the engine', () => {
  for (const mutant of engineMutants) {
    it(`is missed by the histories: ${mutant.what}`, async () => {
      expect(await hunt(mutant, { first: mutant.near ?? 0, seeds: 200 })).not.to.equal(null)
    }).timeout(120_000)
  }
})
