/** The commands that only read: status, peers, ledger, model info, predict, evaluate. */
import { expect } from 'chai'
import { displayWidth } from '../../../../peers/cli/output/width.ts'
import { Murmur } from '../helpers/murmur.ts'
import { FakeControl } from '../helpers/peer.ts'
import { ALICE, BOB, CAROL, cid, commit, member, status } from '../helpers/samples.ts'
import type { MurmurInit } from '../helpers/murmur.ts'
import type { FakeSource } from '../helpers/peer.ts'

/** A terminal beside a running peer. */
async function beside(init: MurmurInit = {}): Promise<{ murmur: Murmur; peer: FakeControl }> {
  const murmur = await Murmur.at(init)
  const peer = new FakeControl()
  murmur.library.control = peer
  return { murmur, peer }
}

const READING = ['status', 'peers', 'ledger', 'model info', 'predict --input x.csv', 'evaluate --data demo:1']

describe('commands that read', () => {
  for (const line of READING) {
    it(`${line}: asks the running peer, and lets go of it`, async () => {
      const { murmur, peer } = await beside()
      expect(await murmur.run(...line.split(' '))).to.equal(0)
      expect(murmur.stderr.text).to.equal('')
      expect(murmur.stdout.text).to.match(/\S\n$/)
      expect(peer.closed).to.equal(1)
    })

    it(`${line}: reads the files when no peer runs, and says so`, async () => {
      const murmur = await Murmur.at()
      expect(await murmur.run(...line.split(' '))).to.equal(0)
      expect(murmur.stderr.text).to.match(/^No peer runs in .*: this is what its files say/)
      expect(murmur.library.disk.closed).to.equal(1)
    })

    it(`${line}: says it on no stream with --json`, async () => {
      const murmur = await Murmur.at()
      murmur.library.predictions = [{ value: 1.5, scores: [] }]
      expect(await murmur.run(...line.split(' '), '--json')).to.equal(0)
      expect(murmur.stderr.text).to.equal('')
      expect(murmur.stdout.json).to.have.length.above(0)
    })

    it(`${line}: closes the source when reading fails`, async () => {
      const murmur = await Murmur.at()
      const broken = (): never => {
        throw Object.assign(new Error('corrupt'), { name: 'LedgerCorruptError' })
      }
      const { disk } = murmur.library
      Object.assign(disk, { status: broken, weights: broken } satisfies Partial<FakeSource>)
      expect(await murmur.run(...line.split(' '))).to.equal(1)
      expect(murmur.stderr.text).to.contain('murmur: corrupt\n')
      expect(disk.closed).to.equal(1)
    })

    it(`${line}: needs a federation`, async () => {
      const murmur = await Murmur.at()
      murmur.library.home = null
      expect(await murmur.run(...line.split(' '))).to.equal(1)
      expect(murmur.stderr.text).to.contain('There is no federation in')
    })
  }
})

describe('murmur status', () => {
  it('says where the peer is', async () => {
    const { murmur } = await beside()
    await murmur.run('status')
    const pairs = Object.fromEntries(murmur.stdout.lines.map((line) => line.split(/ {2,}/)))
    expect(pairs).to.deep.equal({
      federation: 'Drawn digits',
      id: cid(0),
      'this peer': ALICE,
      phase: 'training',
      round: '3 of 10',
      commit: cid(3),
      'global model': 'accuracy 87.3 %, loss 0.412',
      'on your data': 'accuracy 90.0 %, loss 0.350',
      members: '3, this peer is connected to 1',
      addresses: status().addresses.join(', '),
      traffic: '1.2 MB in, 999 B out',
      'a round takes': '12.3 s',
      left: '1m 26s',
      'trains on': '900 examples, 199,210 parameters, wasm'
    })
  })

  it('leaves out what is not known yet', async () => {
    const { murmur, peer } = await beside()
    peer.state = status({
      commit: null,
      evaluation: null,
      ownEvaluation: { samples: 10 },
      addresses: [],
      roundMs: null,
      etaMs: null,
      trainer: null,
      waitingFor: '1 more member'
    })
    await murmur.run('status')
    expect(murmur.stdout.text)
      .to.match(/waiting for +1 more member\n/)
      .and.to.match(/commit +none yet\n/)
    expect(murmur.stdout.text).not.to.match(/null|undefined|global model|your data|addresses|left|trains on/)
  })

  it('cuts no address: a narrow terminal wraps it, so that it can be copied', async () => {
    const { murmur } = await beside({ stdout: { isTTY: true, columns: 40 } })
    await murmur.run('status')
    for (const address of status().addresses) expect(murmur.stdout.text).to.contain(address)
  })

  it('tells scripts everything, and where it comes from', async () => {
    const { murmur } = await beside()
    await murmur.run('status', '--json')
    expect(murmur.stdout.json).to.deep.equal([{ origin: 'peer', ...status() }])
  })
})

describe('murmur peers', () => {
  it('lists members with whole ids, since revoke takes them', async () => {
    const { murmur } = await beside({ stdout: { isTTY: true, columns: 60 } })
    await murmur.run('peers')
    const [head, self, bob, carol] = murmur.stdout.lines.filter((line) => !line.startsWith('─'))
    expect(head).to.match(/^peer +role +state +latency +missed +addresses$/)
    expect(self).to.match(new RegExp(`^${ALICE} +founder +here +0 `))
    expect(bob).to.match(new RegExp(`^${BOB} +member +connected +12 ms +0 `))
    expect(carol).to.match(new RegExp(`^${CAROL} +member +away +2 `))
  })

  it('cuts nothing in a pipe', async () => {
    const { murmur, peer } = await beside()
    const addresses = Array.from({ length: 5 }, (_, i) => `/ip4/10.0.0.${i}/tcp/4001/p2p/${BOB}`)
    peer.state = status({ members: [member(BOB, { addresses })] })
    await murmur.run('peers')
    expect(murmur.stdout.text).to.contain(addresses.join(' '))
  })

  it('is one JSON object per member', async () => {
    const { murmur } = await beside()
    await murmur.run('peers', '--json')
    expect(murmur.stdout.json).to.deep.equal(status().members)
  })
})

describe('murmur ledger', () => {
  it('shows the latest commits: what counted, what was refused, who came and went', async () => {
    const { murmur, peer } = await beside()
    peer.commits = [
      commit(1),
      commit(2, { admitted: [BOB, CAROL] }),
      commit(3, { revoked: [CAROL], evaluation: {} })
    ]
    await murmur.run('ledger')
    const rows = murmur.stdout.lines.slice(1).map((line) => line.trim().split(/ {2,}/))
    expect(rows.map((row) => row[0])).to.deep.equal(['1', '2', '3'])
    expect(rows[0]?.slice(3)).to.deep.equal(['2 (−1)', '51.0 %', '1.000', '3', `…${cid(1).slice(-12)}`])
    expect(rows[1]).to.include('+…xxxBob +…xCarol')
    expect(rows[2]?.slice(4)).to.deep.equal(['–', '–', '3', '−…xCarol', `…${cid(3).slice(-12)}`])
  })

  it('shows at most as many as asked for: the latest, or those from a height on', async () => {
    const { murmur, peer } = await beside()
    peer.commits = Array.from({ length: 30 }, (_, i) => commit(i + 1))
    peer.state = status({ height: 30 })
    const heights = async (...args: string[]): Promise<unknown[]> => {
      murmur.stdout.text = ''
      await murmur.run('ledger', '--json', ...args)
      return murmur.stdout.json.map(({ height }) => height)
    }
    expect(await heights()).to.deep.equal(Array.from({ length: 20 }, (_, i) => i + 11))
    expect(await heights('--limit', '2')).to.deep.equal([29, 30])
    expect(await heights('--from', '5', '--limit', '2')).to.deep.equal([5, 6])
    expect(await heights('--limit', '1000')).to.have.length(30)
  })

  it('says why there is nothing to show', async () => {
    const { murmur, peer } = await beside()
    peer.commits = []
    peer.state = status({ height: 0 })
    await murmur.run('ledger')
    expect(murmur.stdout.text).to.equal('No commits yet: training starts when enough members are here.\n')
  })

  it('fits a terminal', async () => {
    const { murmur } = await beside({ stdout: { isTTY: true, columns: 80 } })
    await murmur.run('ledger')
    for (const line of murmur.stdout.lines) expect(displayWidth(line)).to.be.at.most(80)
  })
})

describe('murmur model info', () => {
  it('says what the model is and where it comes from', async () => {
    const { murmur, peer } = await beside()
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
    const { murmur, peer } = await beside()
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
    const { murmur } = await beside()
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
    const { murmur } = await beside()
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
    const { murmur } = await beside()
    murmur.library.predictions = [{ value: 12.5, scores: [] }]
    await murmur.run('predict', '--input', 'x.csv')
    expect(murmur.stdout.lines.map((line) => line.trim())).to.deep.equal(['example  value', '0   12.5'])
    murmur.stdout.text = ''
    await murmur.run('predict', '--input', 'x.csv', '--json')
    expect(murmur.stdout.json).to.deep.equal([{ index: 0, value: 12.5 }])
  })

  it('measures a table as the last start did', async () => {
    const { murmur } = await beside()
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
      const { murmur } = await beside()
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
    const { murmur } = await beside()
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
    const { murmur } = await beside({ stdout: { isTTY: true, columns: 40 } })
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
    const { murmur } = await beside()
    murmur.library.evaluation = { metrics: { mae: 1.5, samples: 3 }, confusion: null }
    await murmur.run('evaluate', '--data', 'demo:1')
    expect(murmur.stdout.text).to.equal('mae      1.500\nsamples  3\n')
  })

  it('measures on the data of the last start where none is given, and asks for some where there was none', async () => {
    const { murmur } = await beside()
    expect(await murmur.run('evaluate')).to.equal(2)
    expect(murmur.stderr.text).to.contain('Say what to measure on: --data <path>.')
    murmur.library.home = { ...murmur.library.home!, remembered: { data: { path: 'demo:3' } } }
    expect(await murmur.run('evaluate', '--json')).to.equal(0)
    expect(murmur.library.called('evaluate')[0]).to.deep.include({ data: { path: 'demo:3' } })
    expect(murmur.stdout.json[0]).to.have.keys('metrics', 'confusion', 'labels')
  })
})
