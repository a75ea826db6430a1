import { expect } from 'chai'
import { agreedCommit, renderReport } from '../../../../../peers/cli/cmds/demo/report.ts'
import { displayWidth } from '../../../../../peers/cli/output/width.ts'
import { cid } from '../../helpers/samples.ts'
import type { DemoResult } from '../../../../../peers/cli/cmds/demo/report.ts'

const result: DemoResult = {
  federation: cid(0),
  commit: cid(10),
  rounds: 10,
  peers: [
    {
      name: 'peer 1',
      data: 'its own writers (demo:1)',
      alone: { accuracy: 0.8 },
      together: { accuracy: 0.953 },
      bytesOut: 2e6
    },
    {
      name: 'peer 2',
      data: 'its own writers (demo:2)',
      alone: { accuracy: 0.96 },
      together: { accuracy: 0.95 },
      bytesOut: 1e6
    },
    { name: 'peer 3', data: 'its own writers (demo:3)', alone: {}, together: { accuracy: 0.95 }, bytesOut: 0 }
  ],
  secondsPerRound: 1.25,
  wallSeconds: 61.27
}

describe('renderReport', () => {
  it('says what each peer gains, or loses', () => {
    const lines = renderReport(result, Infinity).split('\n')
    const row = (name: string): string[] | undefined =>
      lines.find((line) => line.startsWith(name))?.split(/ {2,}/)
    expect(row('peer 1')?.slice(2)).to.deep.equal(['80.0 %', '95.3 %', '+15.3', '2.0 MB'])
    expect(row('peer 2')?.slice(2)).to.deep.equal(['96.0 %', '95.0 %', '−1.0', '1.0 MB'])
    expect(row('peer 3')?.slice(2)).to.deep.equal(['–', '95.0 %', '–', '0 B'])
  })

  it('says what all agree on and what it cost', () => {
    const text = renderReport(result, 80)
    expect(text).to.contain(`All 3 peers hold the same commit: ${cid(10)}`)
    expect(text).to.contain('Sent by all: 3.0 MB, 1.3 s a round, 61.3 s in all. No data left its peer.')
  })

  it('fits its table into a terminal', () => {
    const table = renderReport(result, 60).split('\n').slice(2, 6)
    for (const line of table) expect(displayWidth(line)).to.be.at.most(60)
  })
})

describe('agreedCommit', () => {
  it('is the commit of all', () => {
    expect(
      agreedCommit([
        { name: 'a', commit: 'x' },
        { name: 'b', commit: 'x' }
      ])
    ).to.equal('x')
  })

  it('fails loudly when one holds another, or none was asked', () => {
    expect(() =>
      agreedCommit([
        { name: 'a', commit: 'x' },
        { name: 'b', commit: 'y' }
      ])
    ).to.throw('a: x, b: y')
    expect(() => agreedCommit([])).to.throw('must never happen')
  })
})
