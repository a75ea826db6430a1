import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { parsePlan } from '../../../peers/simulate/index.ts'

const folder = resolve(import.meta.dirname, '../../../examples/tables')
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

describe('the plans of published tables', () => {
  it('are there', () =>
    expect(files).to.include.members(['mcmahan-2nn.yaml', 'attacks.yaml', 'heart-disease.yaml']))

  for (const file of files) {
    it(`can be simulated: ${file}`, () => {
      const text = readFileSync(join(folder, file), 'utf8')
      expect(text).to.include(`murmur simulate examples/tables/${file}`)
      for (const { plan } of parsePlan(text)) expect(plan.seeds).to.not.have.length(0)
    })
  }
})
