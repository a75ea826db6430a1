import { expect } from 'chai'
import fc from 'fast-check'
import { decodeText, MAX_RECORD_BYTES, recordBytes, splitRecords } from '../../src/data/lines.ts'
import { chunked, expectFault } from './helpers.ts'
import type { RecordOptions } from '../../src/data/lines.ts'

interface Found {
  text: string
  offset: number
  line: number
}

async function records(content: string | Uint8Array, size?: number, quotes = true): Promise<Found[]> {
  const options: RecordOptions = { file: 'f', quotes }
  const found: Found[] = []
  for await (const slab of splitRecords(chunked(content, size), options)) {
    for (const span of slab.records) {
      const text = decodeText(recordBytes(slab, span), { file: 'f' })
      found.push({ text, offset: span.offset, line: span.line })
    }
  }
  return found
}

describe('data/lines', () => {
  it('finds each line with its offset and number', async () => {
    expect(await records('ab\ncd\nef')).to.deep.equal([
      { text: 'ab', offset: 0, line: 1 },
      { text: 'cd', offset: 3, line: 2 },
      { text: 'ef', offset: 6, line: 3 }
    ])
  })

  it('leaves out carriage returns and empty lines, but counts them', async () => {
    expect(await records('a\r\n\r\n\nb\r\n')).to.deep.equal([
      { text: 'a', offset: 0, line: 1 },
      { text: 'b', offset: 6, line: 4 }
    ])
  })

  it('keeps newlines within quotes, when told so', async () => {
    const content = 'a,"x\ny"\nb'
    expect((await records(content)).map(({ text, line }) => [text, line])).to.deep.equal([
      ['a,"x\ny"', 1],
      ['b', 3]
    ])
    expect((await records(content, 7, false)).map(({ text }) => text)).to.deep.equal(['a,"x', 'y"', 'b'])
  })

  it('skips a byte order mark, however it is cut', async () => {
    const content = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0x0a, 0x62)
    for (const size of [1, 2, 3, 4, 10]) {
      expect(await records(content, size)).to.deep.equal([
        { text: 'a', offset: 3, line: 1 },
        { text: 'b', offset: 5, line: 2 }
      ])
    }
  })

  it('gives nothing for an empty file, or one of empty lines', async () => {
    expect(await records('')).to.deep.equal([])
    expect(await records('\n\n\r\n')).to.deep.equal([])
  })

  it('does not depend on the chunking', async () => {
    const lines = fc.array(fc.stringMatching(/^[a-z"é ]{0,9}$/), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 20 }), async (parts, size) => {
        const content = parts.join('\n')
        expect(await records(content, size, false)).to.deep.equal(await records(content, 10_000, false))
      })
    )
  })

  it('names the line of a quote that never closes', async () => {
    await expectFault(records('a\nb,"c\nd\n'), { file: 'f', line: 2, expected: 'closing quote' })
  })

  it('stops at a record without end', async () => {
    const endless = new Uint8Array(MAX_RECORD_BYTES + 100).fill(0x61)
    await expectFault(records(endless, 1 << 20), { line: 1, found: 'no end', hint: 'never closed' })
    await expectFault(records(endless, 1 << 20, false), { hint: 'own line' })
  })

  it('refuses text that is not UTF-8', () => {
    const decode = (): string => decodeText(Uint8Array.of(0x66, 0xff), { file: 'f', line: 9 })
    expect(decode).to.throw('f, line 9: expected UTF-8 text')
  })
})
