/** The commands that look at the committed model: model info, predict, evaluate. */
import { expect } from 'chai'
import { besidePeer } from '../helpers/murmur.ts'
import { cid, commit, status } from '../helpers/samples.ts'

describe('murmur model info', () => {
  it('says what the model is and where it comes from', async () => {
    const { murmur, peer } = await besidePeer()
    peer.commits = [commit(3)]
    await murmur.run('model', 'info')
    expect(murmur.stdout.text)
      .to.contain('parameters  157,000 parameters (628 kB in fp32)')
      .and.to.contain(`commit      ${cid(3)}`)
      .and.to.contain('licence     Apache-2.0')
    expect(murmur.stdout.text).to.match(/state +round 3, committed 2026-/)
    expect(murmur.stdout.text).to.match(/dense\/kernel +784×200 +156,800\n/)
  })

  it('says so before the first commit', async () => {
    const { murmur, peer } = await besidePeer()
    peer.commits = []
    peer.state = status({ height: 0 })
    await murmur.run('model', 'info')
    expect(murmur.stdout.text).to.contain('the initial model (no round is committed yet)')
    murmur.stdout.text = ''
    await murmur.run('model', 'info', '--json')
    expect(murmur.stdout.json[0]).to.deep.include({
      parameters: 157_000,
      commit: null,
      licence: 'Apache-2.0'
    })
  })
})

describe('murmur predict', () => {
  const scores = (best: number): number[] => Array.from({ length: 10 }, (_, i) => (i === best ? 0.91 : 0.01))

  it('shows the likeliest classes of each example', async () => {
    const { murmur } = await besidePeer()
    murmur.library.predictions = [
      { value: 7, scores: scores(7) },
      { value: 3, scores: scores(3) }
    ]
    expect(await murmur.run('predict', '--input', 'seven.png', '--top', '2')).to.equal(0)
    expect(murmur.stdout.lines.map((line) => line.trim())).to.deep.equal([
      'example  class    sure  or',
      '0  7      91.0 %  0 1.0 %',
      '1  3      91.0 %  0 1.0 %'
    ])
  })

  it('asks for one example, and numbers it as it was asked for', async () => {
    const { murmur } = await besidePeer()
    murmur.library.predictions = [{ value: 7, scores: scores(7) }]
    await murmur.run('predict', '--input', 'images.gz', '--index', '17', '--json')
    const [asked] = murmur.library.called<Record<string, unknown>>('predict')
    expect(asked).to.deep.include({
      path: '/work/alice/images.gz',
      index: 17,
      weights: Float32Array.of(1, 2, 3)
    })
    expect(murmur.stdout.json[0]).to.deep.include({ index: 17, label: '7' })
    expect(Object.values(murmur.stdout.json[0]?.['scores'] as object)).to.deep.equal(scores(7))
  })

  it('shows numbers where the federation predicts numbers', async () => {
    const { murmur } = await besidePeer()
    murmur.library.predictions = [{ value: 12.5, scores: [] }]
    await murmur.run('predict', '--input', 'x.csv')
    expect(murmur.stdout.lines.map((line) => line.trim())).to.deep.equal(['example  value', '0   12.5'])
    murmur.stdout.text = ''
    await murmur.run('predict', '--input', 'x.csv', '--json')
    expect(murmur.stdout.json).to.deep.equal([{ index: 0, value: 12.5 }])
  })

  it('measures a table as the last start did', async () => {
    const { murmur } = await besidePeer()
    murmur.library.home = { ...murmur.library.home!, remembered: { data: { path: '/d.csv' } } }
    await murmur.run('predict', '--input', 'x.csv')
    expect(murmur.library.called('predict')[0]).to.deep.include({ trainedOn: { path: '/d.csv' } })
  })

  for (const [words, why] of [
    ['predict', 'Say what to predict: --input <file>.'],
    ['predict --input x --index -1', '--index: "-1"'],
    ['predict --input x --top 0', '--top: "0"']
  ] as const) {
    it(`refuses murmur ${words}`, async () => {
      const { murmur } = await besidePeer()
      expect(await murmur.run(...words.split(' '))).to.equal(2)
      expect(murmur.stderr.text).to.contain(why)
    })
  }
})

describe('murmur evaluate', () => {
  const ten = (mistakes: [number, number, number][]): number[][] => {
    const matrix = Array.from({ length: 10 }, (_, i) =>
      Array.from({ length: 10 }, (_, j) => (i === j ? 90 : 0))
    )
    for (const [is, said, count] of mistakes) (matrix[is] as number[])[said] = count
    return matrix
  }

  it('shows the metrics, and which class is taken for which', async () => {
    const { murmur } = await besidePeer()
    murmur.library.evaluation = {
      metrics: { samples: 12_000, loss: 0.345, accuracy: 0.9 },
      confusion: ten([[4, 9, 10]])
    }
    await murmur.run('evaluate', '--data', 'demo:1', '--part', '1/2')
    const { text } = murmur.stdout
    expect(text).to.contain('accuracy  90.0 %\nloss      0.345\nsamples   12,000\n\n')
    expect(text).to.match(/is ↓ {2}said →.* 9 +right\n/)
    expect(text).to.match(/\n4( +·){4} +90( +·){4} +10 +90\.0 %\n/)
    expect(murmur.library.called('evaluate')[0]).to.deep.include({
      data: { path: 'demo:1', part: { index: 0, count: 2 } }
    })
  })

  it('lists the commonest mistakes where the table does not fit', async () => {
    const { murmur } = await besidePeer({ stdout: { isTTY: true, columns: 40 } })
    murmur.library.evaluation = {
      metrics: { accuracy: 0.9 },
      confusion: ten([
        [4, 9, 5],
        [7, 1, 12]
      ])
    }
    await murmur.run('evaluate', '--data', 'demo:1')
    expect(murmur.stdout.lines.slice(2).map((line) => line.trim())).to.deep.equal([
      'is  said  times',
      '7   1        12',
      '4   9         5'
    ])
    murmur.stdout.text = ''
    murmur.library.evaluation = { metrics: { accuracy: 1 }, confusion: ten([]) }
    await murmur.run('evaluate', '--data', 'demo:1')
    expect(murmur.stdout.text).to.equal('accuracy  100.0 %\n\nNo mistakes.\n')
  })

  it('shows the metrics alone where there are no classes', async () => {
    const { murmur } = await besidePeer()
    murmur.library.evaluation = { metrics: { mae: 1.5, samples: 3 }, confusion: null }
    await murmur.run('evaluate', '--data', 'demo:1')
    expect(murmur.stdout.text).to.equal('mae      1.500\nsamples  3\n')
  })

  it('measures on the data of the last start where none is given, and asks for some where there was none', async () => {
    const { murmur } = await besidePeer()
    expect(await murmur.run('evaluate')).to.equal(2)
    expect(murmur.stderr.text).to.contain('Say what to measure on: --data <path>.')
    murmur.library.home = { ...murmur.library.home!, remembered: { data: { path: 'demo:3' } } }
    expect(await murmur.run('evaluate', '--json')).to.equal(0)
    expect(murmur.library.called('evaluate')[0]).to.deep.include({ data: { path: 'demo:3' } })
    expect(murmur.stdout.json[0]).to.have.keys('metrics', 'confusion', 'labels')
  })
})
