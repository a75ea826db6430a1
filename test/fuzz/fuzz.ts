/** All that is fuzzed. */
import { expect } from 'chai'
import { admissions } from './areas/admission.ts'
import { blocks } from './areas/blocks.ts'
import { control } from './areas/control.ts'
import { data } from './areas/data.ts'
import { engine } from './areas/engine.ts'
import { gossip } from './areas/gossip.ts'
import { ledger } from './areas/ledger.ts'
import { manifests } from './areas/manifests.ts'
import { membership } from './areas/membership.ts'
import { models } from './areas/models.ts'
import { records } from './areas/records.ts'
import { stored } from './areas/stored.ts'
import { MIN_INPUTS, runs, tally } from './runs.ts'
import type { FuzzArea } from './property.ts'
import type { Effort } from './runs.ts'

const areas: FuzzArea[] = [
  records,
  membership,
  manifests,
  models,
  data,
  stored,
  control,
  admissions,
  ledger,
  blocks,
  gossip,
  engine
]

/** Define the suite: a test for each property. */
export function fuzz(effort: Effort): void {
  describe(`fuzzing, ${effort}`, function () {
    // What an input may take at most is bounded by the properties themselves.
    this.timeout(0)
    it(`tries at least ${MIN_INPUTS[effort]} inputs`, () => {
      const planned = areas.flatMap(({ properties }) => properties.map(({ shares }) => runs(effort, shares)))
      const inputs = planned.reduce((sum, each) => sum + each, 0)
      if (process.env.FUZZ_INPUTS == null) expect(inputs).to.be.at.least(MIN_INPUTS[effort])
    })
    for (const area of areas) {
      describe(area.name, () => {
        before(async () => await area.before?.())
        after(async () => await area.after?.())
        for (const property of area.properties) it(property.name, async () => await property.check(effort))
      })
    }
    after(() => {
      process.stdout.write(
        `    fuzzing: ${tally.inputs} inputs were tried, ${tally.accepted} of them understood\n`
      )
    })
  })
}
