import { expect } from 'chai'
import { fitNormalisation, tabularDataset, tabularWidth } from '../../../src/data/tabular/normalise.ts'
import { indexTable, loadTable } from '../../../src/data/tabular/table.ts'
import { chunked, expectFault, memoryReader, readRows, tabularTask } from '../helpers.ts'
import type { TabularTask, Where } from '../../../src/data/tabular/layout.ts'
import type { RawTable } from '../../../src/data/tabular/table.ts'

const task = tabularTask({
  columns: [
    { name: 'age', type: 'number' },
    { name: 'sex', type: 'category', values: ['f', 'm'] },
    { name: 'dose', type: 'number', mean: 10, std: 5 }
  ],
  target: 'ill'
})

const csv = `id,sex,age,ill,dose,site
1,f,20,no,10,A
2,m,40,yes,20,B
3,?,,no,NA,A
4,f,60,yes,0,B
`

function load(content: string, options: { task?: TabularTask; where?: Where } = {}): Promise<RawTable> {
  return loadTable(chunked(content), { file: 'f.csv', task: options.task ?? task, where: options.where })
}

function index(content: string, options: { task?: TabularTask; where?: Where } = {}): Promise<RawTable> {
  const table = { file: 'f.csv', task: options.task ?? task, where: options.where }
  return indexTable(chunked(content), memoryReader(content), table)
}

async function rawRows(table: RawTable): Promise<number[][]> {
  const values = new Float64Array(table.size * table.columns)
  await table.read(
    Uint32Array.from({ length: table.size }, (_, i) => i),
    values
  )
  return Array.from({ length: table.size }, (_, i) => [
    ...values.subarray(i * table.columns, (i + 1) * table.columns)
  ])
}

describe('data/tabular/table', () => {
  it("reads the manifest's columns in its order, missing values as NaN", async () => {
    const table = await load(csv)
    expect([table.size, table.columns]).to.deep.equal([4, 3])
    expect([...table.targets]).to.deep.equal([0, 1, 0, 1])
    expect(await rawRows(table)).to.deep.equal([
      [20, 0, 10],
      [40, 1, 20],
      [NaN, NaN, NaN],
      [60, 0, 0]
    ])
  })

  it('reads the same rows from disk as from memory, in any order', async () => {
    const [memory, disk] = [await load(csv), await index(csv)]
    expect(await rawRows(disk)).to.deep.equal(await rawRows(memory))
    expect([...disk.targets]).to.deep.equal([...memory.targets])
    const values = new Float64Array(6)
    await disk.read(Uint32Array.of(3, 1), values)
    expect([...values]).to.deep.equal([60, 0, 0, 40, 1, 20])
  })

  it('keeps only the rows asked for', async () => {
    for (const open of [load, index]) {
      const table = await open(csv, { where: { site: 'B' } })
      expect((await rawRows(table)).map(([age]) => age)).to.deep.equal([40, 60])
      expect((await open(csv, { where: { site: 'B', dose: '0.0' } })).size).to.equal(1)
    }
  })

  it('reads files without a heading line', async () => {
    const bare = tabularTask({
      columns: [{ name: 'x', type: 'number' }],
      target: 'y',
      positiveAbove: 0,
      header: ['x', 'z', 'y']
    })
    const table = await load('1.5,q,0\n2,q,3\n', { task: bare })
    expect(await rawRows(table)).to.deep.equal([[1.5], [2]])
    expect([...table.targets]).to.deep.equal([0, 1])
  })

  it('predicts numbers in regression', async () => {
    const regression = tabularTask(
      { columns: [{ name: 'age', type: 'number' }], target: 'dose' },
      { kind: 'regression', labels: [] }
    )
    expect([...(await load(csv.replace('NA', '7'), { task: regression })).targets]).to.deep.equal([
      10, 20, 7, 0
    ])
  })

  it('trims cells and headings', async () => {
    expect(await rawRows(await load('sex , age,dose,ill\n f , 20 ,1, no'))).to.deep.equal([[20, 0, 1]])
  })

  const faults: [string, string, object][] = [
    ['an empty file', '', { expected: 'a heading line', found: 'an empty file' }],
    ['a missing column', 'age,sex,ill\n', { line: 1, expected: 'a column "dose"', found: 'age, sex, ill' }],
    ['a missing target', 'age,sex,dose\n', { line: 1, expected: 'a column "ill"' }],
    [
      'a repeated column',
      'age,age,sex,dose,ill\n',
      { line: 1, expected: 'one column "age"', found: 'several' }
    ],
    ['a ragged row', csv + '5,f,1\n', { line: 6, expected: '6 cells', found: '3', hint: 'delimiter' }],
    [
      'a non-number',
      csv.replace('60', 'sixty'),
      { line: 5, expected: 'a number in column "age"', found: '"sixty"' }
    ],
    [
      'an unknown category',
      csv.replace('2,m', '2,x'),
      { line: 3, expected: 'one of f, m in column "sex"', found: '"x"' }
    ],
    ['an unknown label', csv.replace('yes', 'maybe'), { line: 3, expected: 'no, yes', found: '"maybe"' }],
    [
      'a row without target',
      csv.replace('yes', '?'),
      { line: 3, expected: 'target column "ill"', found: 'missing' }
    ]
  ]
  for (const [name, content, fault] of faults) {
    it(`refuses ${name}, saying where`, async () => {
      await expectFault(load(content), { file: 'f.csv', ...fault })
      await expectFault(index(content), { file: 'f.csv', ...fault })
    })
  }

  it('refuses an unknown column in where', async () => {
    await expectFault(load(csv, { where: { town: 'x' } }), { expected: 'a column "town"' })
  })

  it('wants two labels where a threshold makes two classes', async () => {
    const three = tabularTask(
      { columns: [{ name: 'age', type: 'number' }], target: 'dose', positiveAbove: 1 },
      { labels: ['a', 'b', 'c'] }
    )
    await expectFault(load(csv, { task: three }), { expected: 'two labels', found: '3' })
  })

  it('names file and offset when a row went bad since it was indexed', async () => {
    const table = await indexTable(chunked(csv), memoryReader(csv.replace('40', 'xx')), {
      file: 'f.csv',
      task
    })
    const read = Promise.resolve(table.read(Uint32Array.of(1), new Float64Array(3)))
    await expectFault(read, { file: 'f.csv', byteOffset: csv.indexOf('2,m'), found: '"xx"' })
  })
})

describe('data/tabular/normalise', () => {
  const all = Uint32Array.of(0, 1, 2, 3)

  it('has one value for a number and one for each category', () => {
    expect(tabularWidth(task.input)).to.equal(4)
  })

  it("takes the manifest's mean and deviation, and fits the rest", async () => {
    const { mean, std } = await fitNormalisation(await load(csv), all, task.input)
    expect([...mean]).to.deep.equal([40, 0, 10])
    expect(std[0]).to.be.closeTo(Math.sqrt(800 / 3), 1e-12)
    expect([...std].slice(1)).to.deep.equal([1, 5])
  })

  it('fits on the given rows only', async () => {
    const { mean, std } = await fitNormalisation(await load(csv), Uint32Array.of(0, 1), task.input)
    expect([mean[0], std[0]]).to.deep.equal([30, 10])
  })

  it('fits the same from disk', async () => {
    const [memory, disk] = [await load(csv), await index(csv)]
    expect(await fitNormalisation(disk, all, task.input)).to.deep.equal(
      await fitNormalisation(memory, all, task.input)
    )
  })

  it('leaves columns unscaled that never vary or are always missing', async () => {
    const table = await load('age,sex,dose,ill\n?,f,1,no\n?,f,1,no\n')
    const fitted = tabularTask({
      columns: [
        { name: 'age', type: 'number' },
        { name: 'dose', type: 'number' }
      ],
      target: 'ill'
    })
    const { mean, std } = await fitNormalisation(table, Uint32Array.of(0, 1), task.input)
    expect([mean[0], std[0]]).to.deep.equal([0, 1])
    const constant = await load('age,sex,dose,ill\n?,f,1,no\n?,f,1,no\n', { task: fitted })
    const fit = await fitNormalisation(constant, Uint32Array.of(0, 1), fitted.input)
    expect([fit.mean[1], fit.std[1]]).to.deep.equal([1, 1])
  })

  it('normalises numbers, spreads categories, fills what is missing', async () => {
    for (const table of [await load(csv), await index(csv)]) {
      const normalisation = { mean: Float64Array.of(40, 0, 10), std: Float64Array.of(20, 1, 5) }
      const dataset = tabularDataset(table, task.input, normalisation)
      expect(dataset.shape).to.deep.equal([4])
      expect(await readRows(dataset)).to.deep.equal({
        rows: [
          [-1, 1, 0, 0],
          [0, 0, 1, 2],
          [0, 0, 0, 0],
          [1, 1, 0, -2]
        ],
        targets: [0, 1, 0, 1]
      })
      expect((await readRows(dataset, [3, 3])).rows).to.deep.equal([
        [1, 1, 0, -2],
        [1, 1, 0, -2]
      ])
    }
  })

  it('keeps the precision of large numbers', async () => {
    const content = 'age,sex,dose,ill\n1700000000001,f,1,no\n1700000000003,f,1,no\n'
    const table = await load(content)
    const dataset = tabularDataset(
      table,
      task.input,
      await fitNormalisation(table, Uint32Array.of(0, 1), task.input)
    )
    expect((await readRows(dataset)).rows.map(([age]) => age)).to.deep.equal([-1, 1])
  })
})
