import { expect } from 'chai'
import { after, joinBytes, readSpans } from '../../src/data/bytes.ts'
import { DataError, listSome, quote } from '../../src/data/errors.ts'
import { numberList } from '../../src/data/number-list.ts'
import { parseDecimal, readTargets, targetReader, valueMatcher } from '../../src/data/targets.ts'
import { memoryReader, tabularTask, taskOf } from './helpers.ts'
import type { Dataset } from '../../src/data/dataset.ts'

const place = { file: 'f.csv', line: 3 }

describe('data/errors', () => {
  it('puts place, expectation, finding and advice in one line', () => {
    const error = new DataError({
      file: 'x.csv',
      line: 4,
      byteOffset: 9,
      expected: 'A',
      found: 'B',
      hint: 'Do C'
    })
    expect(error.message).to.equal('x.csv, line 4, byte 9: expected A, found B. Do C')
    expect(error.name).to.equal('DataError')
  })

  it('leaves out what is not known', () => {
    expect(new DataError({ file: 'x', expected: 'A', found: 'B' }).message).to.equal('x: expected A, found B')
  })

  it('shortens what it quotes and lists', () => {
    expect(quote('a"\u001b[31m')).to.equal('"a\\"\\u001b[31m"')
    expect(quote('x'.repeat(100))).to.have.length(43)
    expect(listSome(['a', 'b', 'c'], 2)).to.equal('a, b, … (3 in all)')
  })
})

describe('data/bytes', () => {
  const content = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251)

  it('reads spans in the order asked', async () => {
    const spans = [
      { offset: 100, length: 3 },
      { offset: 0, length: 2 },
      { offset: 101, length: 4 }
    ]
    const parts = await readSpans(memoryReader(content), spans)
    expect(parts.map((part) => [...part])).to.deep.equal([
      [100, 101, 102],
      [0, 1],
      [101, 102, 103, 104]
    ])
  })

  it('fetches near neighbours in one read and far ones apart', async () => {
    const reader = memoryReader(content)
    await readSpans(reader, [
      { offset: 150_000, length: 10 },
      { offset: 0, length: 10 },
      { offset: 500, length: 10 }
    ])
    expect(reader.ranges).to.deep.equal([
      { offset: 0, length: 510 },
      { offset: 150_000, length: 10 }
    ])
  })

  it('does not merge reads without limit', async () => {
    const big = new Uint8Array(3 * 1024 * 1024)
    const reader = memoryReader(big)
    const spans = Array.from({ length: 300 }, (_, i) => ({ offset: i * 10_000, length: 10_000 }))
    const parts = await readSpans(reader, spans)
    expect(parts.every((part) => part.length === 10_000)).to.equal(true)
    expect(reader.ranges.every(({ length }) => length <= 1024 * 1024)).to.equal(true)
    expect(reader.ranges).to.have.length(3)
  })

  it('reads nothing for no spans', async () => {
    expect(await readSpans(memoryReader(content), [])).to.deep.equal([])
  })

  it('joins bytes', () => {
    expect([...joinBytes([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)])]).to.deep.equal([1, 2, 3])
    expect(joinBytes([])).to.have.length(0)
  })

  it('goes on at once after what is synchronous, and later after a promise', async () => {
    const order: string[] = []
    expect(after(undefined, () => order.push('now'))).to.equal(undefined)
    const later = after(Promise.resolve(), () => order.push('later'))
    order.push('between')
    await later
    expect(order).to.deep.equal(['now', 'between', 'later'])
  })
})

describe('data/number-list', () => {
  it('grows and gives exactly what was pushed', () => {
    const list = numberList((n) => new Float64Array(n))
    for (let i = 0; i < 3000; i++) list.push(i / 2)
    list.append([7, 8])
    expect(list.length).to.equal(3002)
    expect(list.take()).to.deep.equal(
      Float64Array.from([...Array.from({ length: 3000 }, (_, i) => i / 2), 7, 8])
    )
  })

  it('takes an append larger than twice its size', () => {
    const list = numberList((n) => new Uint8Array(n))
    list.append(new Uint8Array(10_000).fill(3))
    expect(list.take().every((value) => value === 3)).to.equal(true)
  })
})

describe('data/targets', () => {
  it('parses decimal numbers and nothing else', () => {
    const parsed = ['1', ' -2.5 ', '.7', '+3.', '1e3', '1E-2'].map(parseDecimal)
    expect(parsed).to.deep.equal([1, -2.5, 0.7, 3, 1000, 0.01])
    for (const text of ['', ' ', '0x10', 'NaN', 'Infinity', '1e999', '1,5', '--1', '1 2']) {
      expect(parseDecimal(text), text).to.equal(undefined)
    }
  })

  it('matches values as text, then as numbers', () => {
    const match = valueMatcher(['1', '2.0', 'x'])
    expect(['1', '1.0', '2', 'x', 'y', '3', ''].map(match)).to.deep.equal([0, 0, 1, 2, -1, -1, -1])
  })

  it('reads classes by label and names the labels when there is no such one', () => {
    const read = targetReader(taskOf({ ...classification, labels: ['cat', 'dog'] }))
    expect(read('dog', place)).to.equal(1)
    expect(() => read('cow', place)).to.throw(
      'f.csv, line 3: expected a label of the manifest: cat, dog, found "cow"'
    )
  })

  it('says so when the manifest has no labels', () => {
    const read = targetReader(taskOf(classification))
    expect(() => read('1', place)).to.throw('task.labels is empty')
  })

  it('reads numbers for regression', () => {
    const read = targetReader(taskOf({ ...classification, kind: 'regression' }))
    expect(read('-1.5', place)).to.equal(-1.5)
    expect(() => read('much', place)).to.throw('expected a number to predict, found "much"')
  })

  it('makes two classes by positiveAbove', () => {
    const task = tabularTask({ columns: [{ name: 'x', type: 'number' }], target: 'y', positiveAbove: 0 })
    const read = targetReader(task)
    expect(['0', '0.0', '1', '4', '-1'].map((text) => read(text, place))).to.deep.equal([0, 0, 1, 1, 0])
  })

  it('reads the targets of a data set that does not have them at hand', async () => {
    const dataset: Dataset = {
      size: 600,
      shape: [2],
      read: (indices, _features, targets) => indices.forEach((index, i) => (targets[i] = index * 2))
    }
    const targets = await readTargets(dataset)
    expect([targets.length, targets[0], targets[599]]).to.deep.equal([600, 0, 1198])
  })
})

const classification = {
  kind: 'classification' as const,
  input: { kind: 'image' as const, height: 1, width: 1, channels: 1 as const }
}
