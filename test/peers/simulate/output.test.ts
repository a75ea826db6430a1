import { expect } from 'chai'
import { drawChart } from '../../../peers/charts/chart.ts'
import { plotByBytes, plotByRound } from '../../../peers/simulate/output/plots.ts'
import {
  markdownTable,
  median,
  summarise,
  summaryTable,
  summaryToCsv
} from '../../../peers/simulate/output/summary.ts'
import { parsePlan } from '../../../peers/simulate/index.ts'
import { rowsToCsv, toCsv } from '../../../peers/simulate/run/rows.ts'
import { digitsPlan, yamlOf } from './plans.ts'
import type { StoredResult } from '../../../peers/simulate/output/store.ts'
import type { RoundRow } from '../../../peers/simulate/run/rows.ts'

const row = (round: number, accuracy: number | null): RoundRow => ({
  round,
  metrics: accuracy == null ? null : { accuracy, loss: 1 - accuracy, samples: 10 },
  uploadedBytes: 1e6,
  downloadedBytes: 2e6,
  accepted: 3,
  refused: 1,
  silent: 0,
  lapsed: false,
  seconds: 1.5,
  evaluationSeconds: 0.5
})

const result = (
  seed: number,
  accuracies: (number | null)[],
  roundsToTarget: number | null
): StoredResult => ({
  fingerprint: 'f',
  variant: 'v',
  seed,
  made: {},
  plan: {},
  parameters: 1,
  sizes: [1],
  rows: accuracies.map((accuracy, i) => row(i + 1, accuracy)),
  roundsToTarget,
  byClient: []
})

const [{ plan }] = parsePlan(yamlOf(digitsPlan({ target: { metric: 'accuracy', value: 0.8 } })))
const results = [
  result(1, [0.5, null, 0.9], 3),
  result(2, [0.6, 0.8, 0.7], 2),
  result(3, [0.1, 0.2, 0.3], null)
]

describe('what a simulation writes', () => {
  it('rounds as CSV, nothing where nothing was measured', () => {
    expect(rowsToCsv(results[0].rows).split('\n').slice(0, 3)).to.deep.equal([
      'round,accuracy,loss,uploadedBytes,downloadedBytes,accepted,refused,silent,lapsed,seconds,evaluationSeconds',
      '1,0.5,0.5,1000000,2000000,3,1,0,0,1.500,0.500',
      '2,,,1000000,2000000,3,1,0,0,1.500,0.500'
    ])
    expect(toCsv(['a'], [['x, "y"']])).to.equal('a\n"x, ""y"""\n')
  })

  it('medians over the seeds; what is not reached is later than any round', () => {
    const summary = summarise(plan, results)
    expect(summary).to.include({ variant: 'v', metric: 'accuracy', last: 0.7, best: 0.8, medianRounds: 3 })
    expect(summary).to.include({ uploadedBytes: 3e6, downloadedBytes: 6e6, seconds: 6, roundsPerSecond: 0.5 })
    expect(summary.roundsToTarget).to.deep.equal([3, 2, null])
    expect(summary.lastTen).to.be.closeTo(0.7, 1e-9)
    expect(summarise(plan, [results[0], results[2], results[2]]).medianRounds).to.equal(null)
    expect([median([3, 1, 2]), median([4, 1])]).to.deep.equal([2, 2.5])
  })

  it('a summary as CSV and as a table of Markdown', () => {
    const summaries = [summarise(plan, results)]
    expect(summaryToCsv(summaries).split('\n')[1]).to.match(
      /^v,1 2 3,accuracy,0.7,0.8,.*,3 2 -,3,3000000,6000000,6.0,0.500$/
    )
    const lines = markdownTable(summaryTable(summaries)).split('\n')
    expect(lines[0]).to.match(/^\| variant \| seeds \| accuracy \|/)
    expect(lines[1]).to.match(/^\| --- \|/)
    expect(lines[2]).to.include('| 3 (3, 2, –) |')
  })

  it('a chart of medians by round, and by bytes', () => {
    const input = { title: 'T', metric: 'accuracy', target: 0.8, variants: [{ name: 'v', results }] }
    expect(plotByRound(input)).to.match(/<svg [^]*>T<\/text>[^]*>round<\/text>[^]*<\/svg>\n$/)
    expect(plotByBytes(input)).to.include('>MB sent by all clients</text>')
  })
})

describe('a chart', () => {
  const pathsOf = (svg: string): string[] =>
    [...svg.matchAll(/<path d="([^"]*)" fill="none" stroke-width="1.6"/g)].map(([, d]) => d)
  const place = (d: string): number[][] =>
    d
      .slice(1)
      .split('L')
      .map((pair) => pair.split(',').map(Number))

  it('puts points where the scales say', () => {
    const points = [
      [0, 0],
      [5, 0.5],
      [10, 1]
    ] as const
    const [[from, middle, to]] = pathsOf(
      drawChart({ title: '', x: '', y: '', series: [{ name: 'a', points }] })
    ).map(place)
    expect(middle[0]).to.be.closeTo((from[0] + to[0]) / 2, 0.11)
    expect(middle[1]).to.be.closeTo((from[1] + to[1]) / 2, 0.11)
    expect(to[0]).to.be.above(from[0])
    expect(to[1]).to.be.below(from[1])
  })

  it('leaves gaps for what is no number, and stands a series that is one value', () => {
    const points = [
      [1, NaN],
      [2, 0.5],
      [3, 0.5]
    ] as const
    const [d] = pathsOf(drawChart({ title: '', x: '', y: '', series: [{ name: 'a', points }] }))
    expect(place(d)).to.have.length(2)
    expect(drawChart({ title: '', x: '', y: '', series: [] })).to.not.include('NaN')
  })

  it('shows texts as text, and says what it leaves out', () => {
    const series = Array.from({ length: 30 }, (_, i) => ({ name: `<${i}>`, points: [[0, i]] as const }))
    const svg = drawChart({ title: 'a & b', x: '', y: '', series })
    expect(svg)
      .to.include('>a &amp; b</text>')
      .and.to.include('>&lt;3&gt;</text>')
      .and.to.include('>and 6 more</text>')
    expect(pathsOf(svg)).to.have.length(24)
  })
})
