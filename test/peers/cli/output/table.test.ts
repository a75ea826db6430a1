import { expect } from 'chai'
import fc from 'fast-check'
import { renderPairs, renderTable, tableColumns } from '../../../../peers/cli/output/table.ts'
import { displayWidth } from '../../../../peers/cli/output/width.ts'

const head = ['peer', 'state', 'missed']

describe('renderTable', () => {
  it('rules under the header, aligns numbers right, and leaves no spaces at the ends of lines', () => {
    const rows = [
      ['alice', 'here', '0'],
      ['bob', 'connected', '12']
    ]
    expect(renderTable({ head, rows, right: [2] }).split('\n')).to.deep.equal([
      'peer   state      missed',
      'alice  here            0',
      'bob    connected      12'
    ])
  })

  it('shows a header without rows', () => {
    expect(renderTable({ head, rows: [] })).to.equal('peer  state  missed')
  })

  it('cuts the widest column until it fits the terminal', () => {
    const table = renderTable({ head, rows: [['a'.repeat(60), 'connected', '1']], columns: 40 })
    expect(table).to.contain('…').and.to.contain('connected')
    for (const line of table.split('\n')) expect(displayWidth(line)).to.be.at.most(40)
  })

  it('cuts other columns before those that must stay whole', () => {
    const rows = [['a'.repeat(30), 'b'.repeat(50), 'c'.repeat(40)]]
    const table = renderTable({ head, rows, columns: 60, whole: [0] })
    expect(table).to.match(/\na{30} {2}b{4,}… {2}c{4,}…$/)
    expect(displayWidth(table.split('\n')[1] ?? '')).to.be.at.most(60)
    expect(renderTable({ head, rows, columns: 10, whole: [0] })).to.match(/\na{30} {2}bbb… {2}ccc…$/)
  })

  it('is never wider than the terminal where every column has room for four characters', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'B', '7', ' ', 'é', '漢'), maxLength: 60 })
    const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 })
    fc.assert(
      fc.property(rows, fc.integer({ min: 16, max: 120 }), (cells, columns) => {
        for (const line of renderTable({ head, rows: cells, columns }).split('\n')) {
          expect(displayWidth(line)).to.be.at.most(columns)
        }
      })
    )
  })

  it('lets neither cells nor headers, which may be labels of a manifest, break lines or steer the terminal', () => {
    const table = renderTable({ head: ['a\u001b[2J\nb', 'c'], rows: [['d\ne', '\u001b[31mf']] })
    expect(table.split('\n')).to.have.length(2)
    expect(table).not.to.contain('\u001b')
  })
})

describe('renderPairs', () => {
  it('aligns the values, and cuts none: they are there to be copied', () => {
    const long = 'x'.repeat(200)
    expect(
      renderPairs([
        ['id', long],
        ['phase', 'waiting']
      ])
    ).to.equal(`id     ${long}\nphase  waiting`)
  })
})

describe('tableColumns', () => {
  it('is the width of a terminal, and no limit in a pipe', () => {
    expect(tableColumns({ isTTY: true, columns: 80 })).to.equal(80)
    expect(tableColumns({ isTTY: false, columns: 80 })).to.equal(Infinity)
  })
})
