import { expect } from 'chai'
import fc from 'fast-check'
import {
  fileStem,
  formatBytes,
  formatDateTime,
  formatDuration,
  formatMetric,
  formatTime,
  metricNames,
  formatEngine,
  plural,
  shortId
} from '../../../../peers/cli/output/format.ts'

const UNITS: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

describe('formatBytes', () => {
  it('moves to the next unit where the number would need four digits', () => {
    expect([0, 999, 1000, 1_234_567, 99_949, 99_950, 999_499, 999_500].map(formatBytes)).to.deep.equal([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.2 MB',
      '99.9 kB',
      '100 kB',
      '999 kB',
      '1.0 MB'
    ])
  })

  it('is never off by more than 5 %, and never longer than seven characters', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9e14 }), (bytes) => {
        const text = formatBytes(bytes)
        const [value, unit = ''] = text.split(' ')
        expect(Math.abs(Number(value) * (UNITS[unit] ?? NaN) - bytes)).to.be.at.most(bytes * 0.05)
        expect(text.length).to.be.at.most(7)
      })
    )
  })

  it('grows with the number of bytes', () => {
    const size = (text: string): number => parseFloat(text) * (UNITS[text.split(' ')[1] ?? ''] ?? NaN)
    fc.assert(
      fc.property(fc.nat(1e12), fc.nat(1e12), (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)]
        expect(size(formatBytes(less))).to.be.at.most(size(formatBytes(more)))
      })
    )
  })
})

describe('formatDuration', () => {
  it('reads well at every size, and never says 60 of anything', () => {
    const cases: [number, string][] = [
      [0, '0 ms'],
      [340.4, '340 ms'],
      [999.5, '1.0 s'],
      [12_345, '12.3 s'],
      [59_949, '59.9 s'],
      [59_950, '1m 00s'],
      [245_000, '4m 05s'],
      [3_599_600, '1h 00m'],
      [7_980_000, '2h 13m'],
      [86_399_999, '1d 0h'],
      [273_600_000, '3d 4h']
    ]
    for (const [ms, text] of cases) expect(formatDuration(ms)).to.equal(text)
    fc.assert(fc.property(fc.nat(1e10), (ms) => !/\b60[ms]|\b24h/.test(formatDuration(ms))))
  })
})

describe('formatMetric', () => {
  it('shows shares as per cent, others as numbers, and what is absent as a dash', () => {
    expect(formatMetric('accuracy', 0.8731)).to.equal('87.3 %')
    expect(formatMetric('auc', 1)).to.equal('100.0 %')
    expect(formatMetric('loss', 0.41234)).to.equal('0.412')
    expect(formatMetric('mae', -12_345)).to.equal('-1.23e+4')
    expect(formatMetric('loss', undefined)).to.equal('–')
  })
})

describe('metricNames', () => {
  it('puts accuracy and loss first, and leaves out the number of samples', () => {
    expect(metricNames({ mae: 1, loss: 1, samples: 5 }, null, { auc: 1, accuracy: 1 })).to.deep.equal([
      'accuracy',
      'loss',
      'mae',
      'auc'
    ])
  })
})

describe('shortId', () => {
  it('keeps the end, where ids differ, and leaves short ones whole', () => {
    expect(shortId('12D3KooWabcdefgh')).to.equal('…abcdefgh')
    expect(shortId('abcdefghi')).to.equal('abcdefghi')
    expect(shortId('abcdefghij', 3)).to.equal('…hij')
  })

  it('never makes an id longer', () => {
    fc.assert(fc.property(fc.string(), fc.nat(20), (id, n) => shortId(id, n + 1).length <= id.length))
  })
})

describe('texts', () => {
  it('names an engine, and its threads where there are several', () => {
    expect(formatEngine({ backend: 'wasm' })).to.equal('wasm')
    expect(formatEngine({ backend: 'wasm', threads: 1 })).to.equal('wasm')
    expect(formatEngine({ backend: 'wasm', threads: 2 })).to.equal('wasm on 2 threads')
  })

  it('counts in words', () => {
    expect([0, 1, 2, 199_210].map((n) => plural(n, 'round'))).to.deep.equal([
      '0 rounds',
      '1 round',
      '2 rounds',
      '199,210 rounds'
    ])
  })

  it('shows local dates and times with two digits each', () => {
    const time = new Date(2026, 0, 2, 3, 4, 5).getTime()
    expect(formatTime(time)).to.equal('03:04:05')
    expect(formatDateTime(time)).to.equal('2026-01-02 03:04:05')
  })

  it('makes names of any script into file names without separators or spaces', () => {
    expect(fileStem('Drawn digits')).to.equal('Drawn-digits')
    expect(fileStem('Köln/日本 v1.2')).to.equal('Köln-日本-v1.2')
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (name) => !/[\s/\\:*?"<>|]/.test(fileStem(name))))
  })
})
