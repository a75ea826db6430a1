import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { parsePlan } from '../../../peers/simulate/index.ts'
import { manifestOf } from '../../../peers/simulate/plan/parse.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { planFor } from '../../../src/model/task.ts'
import { inFolder, runText } from './plans.ts'

const folder = resolve(import.meta.dirname, '../../../examples/tables')
/** Parameters of the models, as their papers give them. */
const sizes: Record<string, number> = {
  'codecs-2nn.yaml': 199_210,
  'codecs-cnn.yaml': 1_663_370,
  'mcmahan-2nn.yaml': 199_210,
  'mcmahan-cnn.yaml': 1_663_370,
  'niid-bench.yaml': 44_426
}
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

describe('the plans of published tables', function () {
  this.timeout(60_000)

  it('are there', () =>
    expect(files).to.include.members(['mcmahan-2nn.yaml', 'attacks.yaml', 'heart-disease.yaml']))

  for (const file of files) {
    it(`can be simulated: ${file}`, () => {
      const text = readFileSync(join(folder, file), 'utf8')
      expect(text).to.include(`murmur simulate examples/tables/${file}`)
      const plans = parsePlan(text).map(({ plan }) => plan)
      for (const plan of plans) expect(layoutOf(planFor(manifestOf(plan, 1))).size).to.be.above(0)
      const parameters = layoutOf(planFor(manifestOf(plans[0], 1))).size
      if (file in sizes) expect(parameters).to.equal(sizes[file])
    })
  }

  it('show what they say: liars that the mean does not withstand, and rules that do', async () => {
    const text = readFileSync(join(folder, 'digits.yaml'), 'utf8')
    const { summaries } = await inFolder((out) => runText(text, out, { rounds: 3 }))
    const [mean, median, multiKrum] = summaries.map(({ last }) => last)
    expect(mean).to.be.below(0.3)
    expect(Math.min(median, multiKrum)).to.be.above(0.5)
  })

  it('show what they say: with momentum labels that few have are learned in fewer rounds', async () => {
    const text = readFileSync(join(folder, 'optimizers.yaml'), 'utf8')
    const of = { rounds: 12, seeds: [1] }
    const { summaries } = await inFolder((out) => runText(text, out, { ...of, only: 'FedAvg' }))
    const [bare, momentum] = summaries.map(({ last }) => last)
    expect(bare).to.be.above(0.5)
    expect(momentum).to.be.above((bare ?? 1) + 0.02)
  })
})
