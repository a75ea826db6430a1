/** What all commands that only read have in common; and status, peers, ledger. */
import { expect } from 'chai'
import { displayWidth } from '../../../../peers/cli/output/width.ts'
import { besidePeer, Murmur } from '../helpers/murmur.ts'
import { ALICE, BOB, CAROL, cid, commit, member, status } from '../helpers/samples.ts'
import type { FakeSource } from '../helpers/peer.ts'

const READING = ['status', 'peers', 'ledger', 'model info', 'predict --input x.csv', 'evaluate --data demo:1']

describe('commands that read', () => {
  for (const line of READING) {
    it(`${line}: asks the running peer, and lets go of it`, async () => {
      const { murmur, peer } = await besidePeer()
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
    const { murmur } = await besidePeer()
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
    const { murmur, peer } = await besidePeer()
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

  it('tells of traffic only while there is some', async () => {
    const { murmur } = await besidePeer()
    await murmur.run('status')
    expect(murmur.stdout.text).to.match(/^traffic /m)
    const alone = await Murmur.at()
    await alone.run('status')
    expect(alone.stdout.text).not.to.match(/^traffic /m)
  })

  it('cuts no address: a narrow terminal wraps it, so that it can be copied', async () => {
    const { murmur } = await besidePeer({ stdout: { isTTY: true, columns: 40 } })
    await murmur.run('status')
    for (const address of status().addresses) expect(murmur.stdout.text).to.contain(address)
  })

  it('tells scripts everything, and where it comes from', async () => {
    const { murmur } = await besidePeer()
    await murmur.run('status', '--json')
    expect(murmur.stdout.json).to.deep.equal([{ origin: 'peer', ...status() }])
  })
})

describe('murmur peers', () => {
  it('lists members with whole ids, since revoke takes them', async () => {
    const { murmur } = await besidePeer({ stdout: { isTTY: true, columns: 60 } })
    await murmur.run('peers')
    const [head, self, bob, carol] = murmur.stdout.lines.filter((line) => !line.startsWith('─'))
    expect(head).to.match(/^peer +role +state +latency +missed +addresses$/)
    expect(self).to.match(new RegExp(`^${ALICE} +founder +here +0 `))
    expect(bob).to.match(new RegExp(`^${BOB} +member +connected +12 ms +0 `))
    expect(carol).to.match(new RegExp(`^${CAROL} +member +away +2 `))
  })

  it('says who is banned, by whom, until when and why', async () => {
    const { murmur, peer } = await besidePeer()
    const proof = { by: 'ledger' as const, untilHeight: 112, reason: 'it voted twice in one step' }
    const own = { by: 'peer' as const, untilMs: Date.UTC(2026, 0, 2, 3), reason: 'it sent false blocks' }
    peer.state = status({ members: [member(BOB, { bans: [proof] }), member(CAROL, { bans: [own] })] })
    await murmur.run('peers')
    const lines = murmur.stdout.lines.filter((line) => line !== '')
    expect(lines[1]).to.match(new RegExp(`^${BOB} +member +banned `))
    expect(lines.at(-2)).to.equal(
      `${BOB} is banned by the ledger until height 112: it voted twice in one step`
    )
    expect(lines.at(-1)).to.match(
      new RegExp(`^${CAROL} is refused by this peer until 2026-01-0. .*: it sent false blocks$`)
    )
  })

  it('cuts nothing in a pipe', async () => {
    const { murmur, peer } = await besidePeer()
    const addresses = Array.from({ length: 5 }, (_, i) => `/ip4/10.0.0.${i}/tcp/4001/p2p/${BOB}`)
    peer.state = status({ members: [member(BOB, { addresses })] })
    await murmur.run('peers')
    expect(murmur.stdout.text).to.contain(addresses.join(' '))
  })

  it('is one JSON object per member', async () => {
    const { murmur } = await besidePeer()
    await murmur.run('peers', '--json')
    expect(murmur.stdout.json).to.deep.equal(status().members)
  })
})

describe('murmur ledger', () => {
  it('shows the latest commits: what counted, what was refused, who came and went', async () => {
    const { murmur, peer } = await besidePeer()
    peer.commits = [
      commit(1),
      commit(2, { admitted: [BOB, CAROL] }),
      commit(3, { revoked: [CAROL], evaluation: {} }),
      commit(4, {
        evidence: [{ offender: BOB, height: 4, view: 0, kind: 'prevote', untilHeight: 104 }]
      })
    ]
    await murmur.run('ledger')
    const rows = murmur.stdout.lines.slice(1).map((line) => line.trim().split(/ {2,}/))
    expect(rows.map((row) => row[0])).to.deep.equal(['1', '2', '3', '4'])
    expect(rows[0]?.slice(3)).to.deep.equal(['2 (−1)', '51.0 %', '1.000', '3', `…${cid(1).slice(-12)}`])
    expect(rows[1]).to.include('+…xxxBob +…xCarol')
    expect(rows[3]).to.include('!…xxxBob until 104')
    expect(rows[2]?.slice(4)).to.deep.equal(['–', '–', '3', '−…xCarol', `…${cid(3).slice(-12)}`])
  })

  it('shows at most as many as asked for: the latest, or those from a height on', async () => {
    const { murmur, peer } = await besidePeer()
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
    const { murmur, peer } = await besidePeer()
    peer.commits = []
    peer.state = status({ height: 0 })
    await murmur.run('ledger')
    expect(murmur.stdout.text).to.equal('No commits yet: training starts when enough members are here.\n')
  })

  it('fits a terminal', async () => {
    const { murmur } = await besidePeer({ stdout: { isTTY: true, columns: 80 } })
    await murmur.run('ledger')
    for (const line of murmur.stdout.lines) expect(displayWidth(line)).to.be.at.most(80)
  })
})
