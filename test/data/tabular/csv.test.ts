import { expect } from 'chai'
import fc from 'fast-check'
import { splitRecords } from '../../../src/data/lines.ts'
import { parseRecords, parseRows } from '../../../src/data/tabular/csv.ts'
import { chunked, expectFault } from '../helpers.ts'

interface Row {
  line: number
  cells: string[]
}

async function rows(
  content: string | Uint8Array,
  options: { delimiter?: string; size?: number } = {}
): Promise<Row[]> {
  const format = { file: 'f.csv', delimiter: options.delimiter ?? ',' }
  const found: Row[] = []
  for await (const slab of splitRecords(chunked(content, options.size ?? 1000), {
    file: 'f.csv',
    quotes: true
  })) {
    found.push(...parseRows(slab, format).map(({ span, cells }) => ({ line: span.line, cells })))
  }
  return found
}

function csvCell(text: string): string {
  return /[",\n\r]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text
}

describe('data/tabular/csv', () => {
  it('parses plain and quoted cells', async () => {
    expect(await rows('a,b\n"x, ""y""\nz",2\r\n\r\n3,')).to.deep.equal([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['x, "y"\nz', '2'] },
      { line: 5, cells: ['3', ''] }
    ])
  })

  it('takes other delimiters', async () => {
    expect(await rows('a;b,c\n1;2', { delimiter: ';' })).to.deep.equal([
      { line: 1, cells: ['a', 'b,c'] },
      { line: 2, cells: ['1', '2'] }
    ])
    expect((await rows('a\tb', { delimiter: '\t' }))[0].cells).to.deep.equal(['a', 'b'])
  })

  it('names the line whose quoting is wrong', async () => {
    await expectFault(rows('a,b\nc,d\ne"x",f\ng,h'), {
      file: 'f.csv',
      line: 3,
      expected: 'a CSV row',
      found: 'quote'
    })
    await expectFault(rows('a,b\n"c"d,e\n'), { line: 2, expected: 'a CSV row' })
  })

  it('names the line whose encoding is wrong', async () => {
    const latin1 = Uint8Array.from('a,b\nné,2\n', (c) => c.charCodeAt(0))
    await expectFault(rows(latin1), { line: 2, expected: 'UTF-8', hint: 'iconv' })
  })

  it('reads what was written, whatever the cells and the chunking', async () => {
    const cell = fc.stringMatching(/^[a-c",é\n]{0,6}$/)
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 30 }), async (cells, size) => {
        const content = cells.map((row) => row.map(csvCell).join(',') + '\n').join('')
        expect((await rows(content, { size })).map((row) => row.cells)).to.deep.equal(cells)
      })
    )
  })

  it('parses records that were read apart', () => {
    const records = ['1,"a\nb"', '2,c'].map((text) => new TextEncoder().encode(text))
    const spans = records.map((bytes, i) => ({ offset: i * 50, length: bytes.length, line: i + 1 }))
    const parsed = parseRecords(records, spans, { file: 'f', delimiter: ',' })
    expect(parsed.map(({ cells }) => cells)).to.deep.equal([
      ['1', 'a\nb'],
      ['2', 'c']
    ])
  })
})
