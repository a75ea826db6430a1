import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { parsePlan } from '../../../peers/simulate/index.ts'
import { inFolder, runText } from './plans.ts'

const folder = resolve(import.meta.dirname, '../../../examples/tables')
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

describe('the plans of published tables', function () {
  this.timeout(60_000)

  it('are there', () =>
    expect(files).to.include.members(['mcmahan-2nn.yaml', 'attacks.yaml', 'heart-disease.yaml']))

  for (const file of files) {
    it(`can be simulated: ${file}`, () => {
      const text = readFileSync(join(folder, file), 'utf8')
      expect(text).to.include(`murmur simulate examples/tables/${file}`)
      for (const { plan } of parsePlan(text)) expect(plan.seeds).to.not.have.length(0)
    })
  }

  it('show what they say: liars that the mean does not withstand, and rules that do', async () => {
    const text = readFileSync(join(folder, 'digits.yaml'), 'utf8')
    const { summaries } = await inFolder((out) => runText(text, out, { rounds: 3 }))
    const [mean, median, multiKrum] = summaries.map(({ last }) => last)
    expect(mean).to.be.below(0.3)
    expect(Math.min(median, multiKrum)).to.be.above(0.5)
  })
})
