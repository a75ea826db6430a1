import { expect } from 'chai'
import { playEngines } from '../../peers/simulated/engine/index.ts'
import { drawHistory } from '../../peers/simulated/index.ts'
import { hunt } from './mutants/hunt.ts'
import { engineMutants } from './mutants/list.ts'
import { drain } from './drain.ts'
import { engineSweep } from './sweeps.ts'

/** Many more: sweeps.long.ts. */
const SEEDS = 4

describe('histories with real engines and real signatures', () => {
  engineSweep(SEEDS)

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
