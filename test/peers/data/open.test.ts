import { join } from 'node:path'
import { expect } from 'chai'
import { describeData, openData } from '../../../peers/node/data/index.ts'
import { expectFault, readRows } from '../../data/helpers.ts'
import { gzip, imageManifest, manifestOf, temporaryFolder } from './helpers.ts'
import type { DataOptions } from '../../../peers/node/types.ts'
import type { Folder } from './helpers.ts'

const table = manifestOf(
  {
    kind: 'classification',
    labels: ['no', 'yes'],
    input: { kind: 'tabular', columns: [{ name: 'x', type: 'number' }], target: 'y' }
  },
  { holdout: 0.2 }
)
const text = manifestOf({
  kind: 'classification',
  labels: ['bad', 'good'],
  input: { kind: 'text', length: 8, tokens: { kind: 'words', buckets: 50 } }
})
const digits = imageManifest({ height: 28, width: 28, labels: [...'0123456789'] })

const rows = Array.from({ length: 100 }, (_, i) => ({
  x: i,
  y: i % 2 ? 'yes' : 'no',
  site: i % 4 ? 'A' : 'B'
}))
const csv = 'site,x,y\n' + rows.map(({ site, x, y }) => `${site},${x},${y}\n`).join('')
const jsonl = rows
  .map(({ x, y }) => JSON.stringify({ text: `word${x} and more`, label: y === 'yes' ? 'good' : 'bad' }))
  .join('\n')

let folder: Folder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

describe('peers/node/data: tables', () => {
  it('finds the one CSV file of a directory, and holds some of it out', async () => {
    await folder.write('mine.csv', csv)
    await folder.write('README.md', 'about')
    const { train, test } = await openData({ path: folder.path }, table)
    expect([train.size, test.size]).to.deep.equal([80, 20])
  })

  it('prefers train and test by name', async () => {
    await folder.write('train.csv', csv)
    await folder.write('test.csv', 'x,y\n1,no\n')
    const { train, test } = await openData({ path: folder.path }, table)
    expect([train.size, test.size]).to.deep.equal([100, 1])
  })

  it('asks which file is meant', async () => {
    await expectFault(openData({ path: folder.path }, table), { expected: 'one CSV file', found: 'none' })
    await folder.write('a.csv', csv)
    await folder.write('b.csv', csv)
    const fault = { file: folder.path, found: 'a.csv, b.csv', hint: 'Name the file' }
    await expectFault(openData({ path: folder.path }, table), fault)
  })

  it('fits the normalisation on training rows only', async () => {
    const path = await folder.write('train.csv', 'x,y\n0,no\n10,yes\n')
    const testPath = await folder.write('test.csv', 'x,y\n1000,no\n5,yes\n')
    const { train, test } = await openData({ path, testPath }, table)
    expect((await readRows(train)).rows).to.deep.equal([[-1], [1]])
    expect((await readRows(test)).rows).to.deep.equal([[199], [0]])
  })

  it('fits it on its own part only, and never on what is held out', async () => {
    const path = await folder.write('mine.csv', csv)
    for (const index of [0, 1]) {
      const { train } = await openData({ path, part: { index, count: 2 } }, table)
      const values = (await readRows(train)).rows.flat()
      expect(values.reduce((a, b) => a + b) / values.length).to.be.closeTo(0, 1e-6)
    }
  })

  it('reads packed files, and from disk what exceeds the memory allowed', async () => {
    const path = await folder.write('mine.csv', csv)
    const packed = await folder.write('mine.csv.gz', gzip(csv))
    const memory = await openData({ path }, table)
    const unpacked = await openData({ path: packed }, table)
    const disk = await openData({ path, maxMemoryBytes: 1000 }, table)
    expect(disk.train.read(new Uint32Array(1), new Float32Array(1), new Float32Array(1))).to.be.a('promise')
    for (const opened of [unpacked, disk]) {
      expect(await readRows(opened.train)).to.deep.equal(await readRows(memory.train))
      expect(await readRows(opened.test)).to.deep.equal(await readRows(memory.test))
    }
    const tooLarge = openData({ path: packed, maxMemoryBytes: 1000 }, table)
    await expectFault(tooLarge, { file: packed, expected: 'when unpacked', hint: 'gunzip' })
  })

  it('keeps only the rows asked for', async () => {
    const path = await folder.write('mine.csv', csv)
    const { train, test } = await openData({ path, where: { site: 'B' } }, table)
    expect(train.size + test.size).to.equal(25)
    const none = openData({ path, where: { site: 'C' } }, table)
    await expectFault(none, { file: path, expected: 'examples to train on', found: '0' })
  })

  it('names file and line of what is wrong', async () => {
    const path = await folder.write('mine.csv', csv.replace('A,7,', 'A,seven,'))
    const error = await expectFault(openData({ path }, table), { file: path, line: 9, found: '"seven"' })
    expect(error.message).to.match(/mine\.csv, line 9: expected a number in column "x", found "seven"/)
  })
})

describe('peers/node/data: text', () => {
  it('opens JSON Lines, in memory or from disk alike', async () => {
    const path = await folder.write('reviews.jsonl', jsonl)
    const memory = await openData({ path: folder.path }, text)
    const disk = await openData({ path, maxMemoryBytes: 1000 }, text)
    expect([memory.train.size, memory.test.size, memory.train.shape]).to.deep.equal([90, 10, [8]])
    expect(disk.train.read(new Uint32Array(1), new Float32Array(8), new Float32Array(1))).to.be.a('promise')
    expect(await readRows(disk.train)).to.deep.equal(await readRows(memory.train))
  })

  it('asks which file is meant', async () => {
    await expectFault(openData({ path: folder.path }, text), {
      expected: 'one JSON Lines file',
      found: 'none'
    })
  })
})

describe('peers/node/data: any', () => {
  it('cuts parts that do not overlap and leave out what all evaluate on', async () => {
    const manifest = { ...table, task: { ...table.task, input: { ...table.task.input } } }
    const input = manifest.task.input
    if (input.kind === 'tabular') input.columns = [{ name: 'x', type: 'number', mean: 0, std: 1 }]
    const path = await folder.write('mine.csv', csv)
    const parts = await Promise.all(
      [0, 1, 2, 3].map((index) => openData({ path, part: { index, count: 4 } }, manifest))
    )
    const values = await Promise.all(parts.map(async ({ train }) => (await readRows(train)).rows.flat()))
    const held = (await readRows(parts[0].test)).rows.flat()
    expect(values.map((part) => part.length)).to.deep.equal([20, 20, 20, 20])
    expect(new Set([...values.flat(), ...held]).size).to.equal(100)
    for (const { test } of parts) expect((await readRows(test)).rows.flat()).to.deep.equal(held)
  })

  it('refuses parts that do not exist, and parts without examples', async () => {
    const path = await folder.write('mine.csv', 'x,y\n1,no\n')
    const open = (index: number, count: number): Promise<unknown> =>
      openData({ path, part: { index, count } }, table)
    await expectFault(open(4, 4), { expected: 'a part from 0 to 3 of 4', found: 'part 4' })
    await expectFault(open(0, 3), { expected: 'examples to train on', found: 'part 0 of 3' })
  })

  it('names a path where nothing is', async () => {
    const path = join(folder.path, 'nowhere')
    for (const manifest of [table, text, digits]) {
      await expectFault(openData({ path }, manifest), { file: path, found: 'nothing of that name' })
    }
  })

  it('takes where only for tables and text', async () => {
    const options: DataOptions = { path: folder.path, where: { a: 'b' } }
    await expectFault(openData(options, digits), { expected: 'where only with tables', found: 'images' })
  })
})

describe('peers/node/data: drawn digits', () => {
  it('draws a peer its own writers, and the test set of all', async () => {
    const [one, two] = [
      await openData({ path: 'demo:1' }, digits),
      await openData({ path: 'demo:2' }, digits)
    ]
    expect([one.train.size, one.test.size]).to.deep.equal([1200, 2000])
    expect((await readRows(one.train, [0])).rows).to.not.deep.equal((await readRows(two.train, [0])).rows)
    expect((await readRows(one.test, [5])).rows).to.deep.equal((await readRows(two.test, [5])).rows)
  })

  it('cuts parts of them', async () => {
    const { train, test } = await openData({ path: 'demo:1', part: { index: 0, count: 4 } }, digits)
    expect([train.size, test.size]).to.deep.equal([300, 2000])
  })

  it('refuses seeds that are none', async () => {
    for (const path of ['demo', 'demo:', 'demo:x', 'demo:-1', 'demo:9999999999']) {
      await expectFault(openData({ path }, digits), { file: path, expected: 'demo:<seed>' })
    }
    await expectFault(openData({ path: 'demo:1', testPath: 'x' }, digits), {
      expected: 'without a test path'
    })
  })

  it('refuses manifests of other data', async () => {
    await expectFault(openData({ path: 'demo:1' }, table), { found: 'tabular, 2 labels' })
    const small = imageManifest({ height: 8, width: 8, labels: ['a'] })
    await expectFault(openData({ path: 'demo:1' }, small), { expected: '28 × 28', found: '8 × 8 × 1' })
  })
})

describe('peers/node/data: describeData', () => {
  it('says what there is, for people', async () => {
    const opened = await openData({ path: 'demo:1' }, digits)
    expect(await describeData(opened, digits.task)).to.deep.equal([
      '1,200 examples to train on, each 28 × 28 × 1',
      '2,000 examples to evaluate on',
      `labels: ${[...'0123456789'].map((digit) => `${digit} 120`).join(', ')}`
    ])
  })

  it('says which labels have no examples', async () => {
    const path = await folder.write('mine.csv', 'x,y\n1,no\n2,no\n')
    const lines = await describeData(await openData({ path }, table), table.task)
    expect(lines[2]).to.equal('labels: no 1 (1 without examples)')
  })

  it('sums up long lists of labels', async () => {
    const labels = Array.from({ length: 50 }, (_, i) => `c${i}`)
    const many = manifestOf({ ...table.task, labels, input: table.task.input }, { holdout: 0 })
    const path = await folder.write('mine.csv', 'x,y\n' + labels.map((label) => `1,${label}\n`).join(''))
    const [, , line] = await describeData(await openData({ path }, many), many.task)
    expect(line).to.match(/^labels: c0 1, .*c19 1, … 50 labels in all$/)
  })

  it('gives the range of numbers to predict', async () => {
    const regression = manifestOf(
      {
        kind: 'regression',
        input: { kind: 'tabular', columns: [{ name: 'x', type: 'number' }], target: 'y' }
      },
      { holdout: 0 }
    )
    const path = await folder.write('mine.csv', 'x,y\n1,2\n2,3.25\n')
    const [, , line] = await describeData(await openData({ path }, regression), regression.task)
    expect(line).to.equal('values to predict: 2 … 3.25, mean 2.625')
  })
})
