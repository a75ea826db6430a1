/** Tests over the histories of many seeds: few in `npm test`, many in `npm run test:long`. */
import { expect } from 'chai'
import { playEngines } from '../../peers/simulated/engine/index.ts'
import { drawHistory, playSeeds, shrink } from '../../peers/simulated/index.ts'
import { drain } from './drain.ts'
import type { DrawOptions, History } from '../../peers/simulated/index.ts'

const TIMEOUT_MS = 600_000

interface Variant<T> {
  what: string
  options: T
  /** The same for the command line. */
  flags: string
}

const engineVariants: Variant<DrawOptions>[] = [
  {
    what: 'never lead to a violation, nor to a standstill after the faults, under crash',
    options: { faultModel: 'crash' },
    flags: '--model crash'
  },
  { what: 'nor do they under byzantine', options: { faultModel: 'byzantine' }, flags: '--model byzantine' },
  {
    what: 'nor do they where each reduces a part for all',
    options: { faultModel: 'crash', topology: 'butterfly' },
    flags: '--model crash --topology butterfly'
  },
  {
    what: 'nor do they where some members at a time fetch the updates',
    options: { committees: true },
    flags: '--committees'
  }
]

/** Histories with real engines. */
export function engineSweep(seeds: number): void {
  for (const { what, options, flags } of engineVariants) {
    it(`${what} (${seeds} seeds)`, async () => {
      for (let seed = 0; seed < seeds; seed++) {
        const { failure, stage } = await playEngines(drawHistory(seed, options), drain)
        const again = `node test/simulated/engines.ts --seeds 1 --first ${seed} ${flags}`
        expect(failure?.message, [again, ...stage.describe()].join('\n')).to.equal(undefined)
      }
    }).timeout(TIMEOUT_MS)
  }
}

const historyVariants: Variant<{ committees?: boolean }>[] = [
  { what: 'never lead to a violation, nor to a standstill after the faults', options: {}, flags: '' },
  {
    what: 'nor do they where some members at a time fetch the updates',
    options: { committees: true },
    flags: ' --committees'
  }
]

/** Histories of thin peers. */
export function historySweep(seeds: number): void {
  for (const { what, options, flags } of historyVariants) {
    it(`${what} (${seeds} seeds)`, () => {
      const failures: string[] = []
      const onFailure = (history: History, failure: Error): void => {
        const { kept } = shrink(history, failure)
        const faults = kept.length === 0 ? 'none' : kept.join()
        const again = `npm run test:histories -- --seeds 1 --first ${history.seed} --faults ${faults}${flags}`
        failures.push(`${failure.message}\nTo see it again: ${again}`)
      }
      const clock = (): number => performance.now()
      const tally = playSeeds({ first: 0, seeds, clock, onFailure, ...options })
      expect(failures).to.deep.equal([])
      expect(tally).to.include({ seeds, violations: 0, stalled: 0 })
    }).timeout(TIMEOUT_MS)
  }
}
