import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { attackSchema } from '../../src/attacks/index.ts'
import { partitionSchema } from '../../src/data/partitioner.ts'
import { parsePlan } from '../../peers/simulate/index.ts'
import { parseMarkdown } from './markdown.ts'

const text = readFileSync(join(resolve(import.meta.dirname, '../../docs'), 'simulation.md'), 'utf8')

/** Names in the first column of the table whose head begins with `head`. */
function namesUnder(head: string): string[] {
  const table = text.slice(text.indexOf(`| \`${head}\``)).split('\n\n', 1)[0]
  return [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
}

describe('the page about simulations', () => {
  it('shows plans that can be simulated', () => {
    const plans = parseMarkdown(text).blocks.filter(({ language }) => language === 'yaml')
    expect(plans.map((block) => parsePlan(block.text).length)).to.deep.equal([4, 3])
  })

  it('tells all partitioners and attacks', () => {
    const all = (options: readonly { shape: { name: { value: string } } }[]): string[] =>
      options.map(({ shape }) => shape.name.value)
    expect(namesUnder('data.partition')).to.have.members(all(partitionSchema.options))
    expect(namesUnder('byzantine.attack')).to.have.members(all(attackSchema.options))
  })
})
