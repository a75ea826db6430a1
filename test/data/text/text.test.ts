import { expect } from 'chai'
import { indexText, loadText } from '../../../src/data/text/jsonl.ts'
import { fnv1a, tokenizer, vocabularySize } from '../../../src/data/text/tokens.ts'
import { chunked, expectFault, memoryReader, readRows, textTask } from '../helpers.ts'
import type { LabelledDataset } from '../../../src/data/targets.ts'
import type { TextTask } from '../../../src/data/text/jsonl.ts'

const characters = textTask({ length: 4, tokens: { kind: 'characters', alphabet: 'abc😀' } })
const words = textTask({ length: 3, tokens: { kind: 'words', buckets: 100 } })

const jsonl = [
  '{"text": "ab", "label": "good", "site": 1}',
  '',
  '{"text": "cabcab", "label": "bad", "site": 2}',
  '{"label": "good", "text": ""}'
].join('\r\n')

type Open = (content: string, task?: TextTask, where?: Record<string, string>) => Promise<LabelledDataset>
const load: Open = (content, task = characters, where) =>
  loadText(chunked(content), { file: 'f.jsonl', task, where })
const index: Open = (content, task = characters, where) =>
  indexText(chunked(content), memoryReader(content), { file: 'f.jsonl', task, where })

describe('data/text/tokens', () => {
  it('numbers characters by the alphabet, others 0', () => {
    expect(tokenizer(characters.input)('a😀x')).to.deep.equal([1, 4, 0])
    expect(vocabularySize(characters.input)).to.equal(5)
  })

  it('cuts long texts', () => {
    expect(tokenizer(characters.input)('abcabc')).to.deep.equal([1, 2, 3, 1])
    expect(tokenizer(words.input)('a b c d')).to.have.length(3)
  })

  it('hashes lower-cased words into 1 … buckets − 1', () => {
    const ids = tokenizer(words.input)("Don't STOP, don't!")
    expect(ids[0]).to.equal(ids[2])
    expect(ids[0]).to.equal(1 + (fnv1a(new TextEncoder().encode("don't")) % 99))
    expect(vocabularySize(words.input)).to.equal(100)
    const all = Array.from({ length: 500 }, (_, i) => tokenizer(words.input)(`w${i}`)[0])
    expect([Math.min(...all), Math.max(...all)]).to.deep.equal([1, 99])
  })

  it('keeps accents and other scripts in words', () => {
    expect(tokenizer(words.input)('naïve Œuvre 東京')).to.have.length(3)
  })

  it('hashes as FNV-1a is published', () => {
    expect(fnv1a(new TextEncoder().encode(''))).to.equal(0x811c9dc5)
    expect(fnv1a(new TextEncoder().encode('foobar'))).to.equal(0xbf9cf968)
  })
})

for (const [name, open] of [
  ['in memory', load],
  ['on disk', index]
] as const) {
  describe(`data/text/jsonl ${name}`, () => {
    it('gives token ids padded with 0, and classes', async () => {
      const dataset = await open(jsonl)
      expect([dataset.size, dataset.shape]).to.deep.equal([3, [4]])
      expect(await readRows(dataset)).to.deep.equal({
        rows: [
          [1, 2, 0, 0],
          [3, 1, 2, 3],
          [0, 0, 0, 0]
        ],
        targets: [1, 0, 1]
      })
      expect((await readRows(dataset, [1, 0, 1])).rows).to.deep.equal([
        [3, 1, 2, 3],
        [1, 2, 0, 0],
        [3, 1, 2, 3]
      ])
    })

    it('keeps only the lines asked for', async () => {
      expect([...(await open(jsonl, characters, { site: '2' })).targets]).to.deep.equal([0])
    })

    it('takes numbers and booleans as labels', async () => {
      const task = { ...characters, labels: ['false', '7'] }
      const dataset = await open('{"text":"a","label":7}\n{"text":"b","label":false}\n', task)
      expect([...dataset.targets]).to.deep.equal([1, 0])
    })

    it('predicts numbers in regression', async () => {
      const task: TextTask = { ...characters, kind: 'regression', labels: [] }
      expect([...(await open('{"text":"a","label":2.5}', task)).targets]).to.deep.equal([2.5])
    })

    const faults: [string, string, object][] = [
      [
        'what is not JSON',
        '{"text": "a", "label": "good"}\n{text}',
        { line: 2, expected: 'one JSON object' }
      ],
      ['a line without text', '{"label": "good"}', { line: 1, expected: '{"text": "…", "label": …}' }],
      ['a line without label', '{"text": "a"}', { line: 1, expected: 'label' }],
      ['a list', '\n[1]', { line: 2, expected: 'an object', found: '[1]' }],
      ['an unknown label', '{"text":"a","label":"ugly"}', { line: 1, expected: 'bad, good', found: '"ugly"' }]
    ]
    for (const [what, content, fault] of faults) {
      it(`refuses ${what}, saying where`, async () => {
        await expectFault(open(content), { file: 'f.jsonl', ...fault })
      })
    }

    it('refuses what is not UTF-8', async () => {
      const bytes = Uint8Array.from('{"text":"\xe9","label":"good"}', (c) => c.charCodeAt(0))
      const options = { file: 'f.jsonl', task: characters }
      await expectFault(loadText(chunked(bytes), options), { line: 1, expected: 'UTF-8' })
    })
  })
}

describe('a filter of JSON Lines', () => {
  for (const [name, open] of Object.entries({ load, index })) {
    it(`matches no list and no map, not even one that has no text (${name})`, async () => {
      const odd = ['{"toString": 1, "valueOf": 1}', '{}', '["va"]', 'null', '"va"']
      const content = odd.map((site) => `{"text": "a", "label": "good", "site": ${site}}`).join('\n')
      expect((await open(content, characters, { site: 'va' })).size).to.equal(1)
      expect((await open(content, characters, { site: '[object Object]' })).size).to.equal(0)
    })
  }
})
