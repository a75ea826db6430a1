import { expect } from 'chai'
import {
  InvalidManifestError,
  manifestTemplate,
  parseManifestYaml,
  templateKinds
} from '../../../src/federation/manifest/index.ts'
import { excessOf } from '../../../src/federation/manifest/nesting.ts'

/** What is said of a text that is refused. */
function refusal(text: string): string {
  try {
    parseManifestYaml(text)
  } catch (error) {
    if (error instanceof InvalidManifestError) return error.message
    throw error
  }
  throw new Error('Expected this text to be refused')
}

describe('a YAML text that would exhaust its reader', () => {
  for (const kind of templateKinds) {
    it(`is not the ${kind} template`, () => expect(excessOf(manifestTemplate(kind))).to.equal(undefined))
  }

  // Composed, ten thousand brackets end the process: the regular expressions of the lexer find no stack.
  for (const piece of ['[', '{a: ', '- ', '? ', 'a: ']) {
    it(`by depth is refused: ${JSON.stringify(piece)}`, () => {
      expect(refusal(`# deep\n${piece.repeat(20_000)}`)).to.include(
        'line 2: not a manifest: lists and maps more than 32 deep'
      )
    })
  }

  it('by keys, each of which is compared with all before it, is refused', () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `key${i}: 1`)
    expect(refusal(keys.join('\n'))).to.include('a map of 20000 keys, at most 64 expected')
    expect(refusal(`{${keys.join(', ')}}`)).to.include('a map of 20000 keys, at most 64 expected')
  })

  it('by what is wrong with it has its first problems named', () => {
    const message = refusal(`name: x\ntask: {labels: [${'1, '.repeat(20_000)}]}`)
    expect(message.length).to.be.lessThan(3_500)
  })

  it('by what a terminal would obey is quoted without that', () => {
    expect(refusal('"\\e[2J\\u202e": 1')).to.include('�[2J�').and.not.to.include('\u001b')
  })
})
