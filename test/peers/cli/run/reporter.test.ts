import { expect } from 'chai'
import { listen, peerEventNames } from '../../../../peers/cli/run/events.ts'
import { eventText, listeningText } from '../../../../peers/cli/run/lines.ts'
import { Murmur } from '../helpers/murmur.ts'
import { FakePeer } from '../helpers/peer.ts'
import { ALICE, cid, commit, event, NOW, sampleEvents } from '../helpers/samples.ts'
import type { PeerEvent } from '../../../../peers/cli/run/events.ts'
import type { MurmurInit } from '../helpers/murmur.ts'

/** Run a peer that emits one of every event, then Ctrl-C. */
async function run(args: string[], init: MurmurInit = {}): Promise<Murmur> {
  const murmur = await Murmur.at(init)
  const { peer } = murmur.library
  const ended = murmur.run('start', '--data', 'demo:1', ...args)
  await peer.called('start')
  for (const name of peerEventNames) peer.emit(name, sampleEvents[name])
  murmur.time.advance(100)
  murmur.interrupt()
  await ended
  return murmur
}

describe('--json', () => {
  it('tells every event of the peer by its name, between start and stop', async () => {
    const { stdout } = await run(['--json'])
    const events = stdout.json
    const names = events.map((line) => line['event'])
    expect(names[0]).to.equal('start')
    expect(
      names.filter((name) => name !== 'start' && name !== 'stop' && name !== 'listen').slice(0, -1)
    ).to.deep.equal(peerEventNames)
    expect(names.slice(-2)).to.deep.equal(['stop', 'failed'])
    for (const line of events) expect(line).to.have.property('time').that.is.a('number')
  })

  it('has the fields of the library', async () => {
    const { stdout } = await run(['--json'])
    const line = (name: string): Record<string, unknown> | undefined =>
      stdout.json.find((one) => one['event'] === name)
    expect(line('start')).to.deep.equal({
      event: 'start',
      time: NOW,
      peerId: ALICE,
      federation: cid(0),
      name: 'Drawn digits',
      backend: 'wasm'
    })
    expect(line('commit')).to.deep.equal({ event: 'commit', ...commit(4) })
    expect(line('training:progress')).to.deep.include(sampleEvents['training:progress'])
    expect(line('error')?.['error']).to.deep.equal({
      name: 'Error',
      message: 'The disk is full: free some space'
    })
    expect(line('stop')?.['status']).to.deep.include({ peerId: ALICE, round: 3 })
  })

  it('tells where the peer listens once it does', async () => {
    const murmur = await Murmur.at()
    const { peer } = murmur.library
    const ended = murmur.run('start', '--data', 'demo:1', '--until-round', '1', '--json')
    await peer.called('waitForRound 1')
    expect(murmur.stdout.json.at(-1)).to.deep.equal({
      event: 'listen',
      time: NOW,
      addresses: peer.state.addresses
    })
    murmur.interrupt()
    await ended
  })

  it('ends with the reason of a failure, and its exit code', async () => {
    const murmur = await Murmur.at()
    murmur.library.peer.starting = Promise.reject(new TypeError('x is undefined'))
    expect(await murmur.run('start', '--data', 'demo:1', '--json')).to.equal(1)
    expect(murmur.stdout.json.at(-1)).to.deep.equal({
      event: 'failed',
      time: NOW,
      name: 'TypeError',
      code: null,
      message: 'x is undefined',
      exitCode: 1,
      expected: false
    })
    expect(murmur.stderr.text).to.equal('')
  })
})

describe('plain output', () => {
  it('is a line for each event that is worth one, between who runs and what it cost', async () => {
    const { stdout } = await run([])
    expect(stdout.lines[0]).to.equal(`Peer ${ALICE} in "Drawn digits". Ctrl-C leaves.`)
    expect(stdout.lines.at(-1)).to.equal('Received 1.2 MB, sent 999 B.')
    const said = stdout.lines.slice(1, -1).map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ''))
    expect(said).to.deep.equal([
      'Trains on 900 examples with wasm.',
      'Waiting for 1 more member: 1 of 2 are here.',
      'Round 4 starts with 3 members.',
      'Trained round 4 on 900 examples in 1.2 s: accuracy 87.0 % → 91.0 %, loss 0.410 → 0.300.',
      'Refused the update of …xxxCarol: norm.',
      `round 4, accuracy 54.0 %, loss 0.250, 2 updates (1 refused), 12.3 s, commit ${cid(4).replace(/.*(.{8})$/, '…$1')}.`,
      '…xxxxxBob connected.',
      '…xxxCarol disconnected.',
      'Turned away …xxxCarol: its membership was revoked (lost laptop)',
      'Block …qqqqqqqf on disk is damaged (its file is gone): it was written anew.',
      `Finished after 10 rounds, accuracy 95.1 %, commit ${cid(10)}. Use the model: murmur evaluate, predict, model export.`,
      'Problem: The disk is full: free some space'
    ])
  })

  it('tells where it listens, and those who may invite how to', async () => {
    const murmur = await Murmur.at()
    const { peer } = murmur.library
    const ended = murmur.run('start', '--data', 'demo:1', '--until-round', '1')
    await peer.called('waitForRound 1')
    expect(murmur.stdout.lines.at(-1)).to.equal(
      `Listens on ${peer.state.addresses.join(', ')}. To invite others: murmur invite, in another terminal.`
    )
    murmur.interrupt()
    await ended
    expect(listeningText({ addresses: [], members: [] })).to.equal('Listens on no address.\n')
  })

  it('tells where metrics are served, also the port that the system chose', async () => {
    const told = async (...args: string[]): Promise<Murmur['stdout']> => {
      const murmur = await Murmur.at()
      const { peer } = murmur.library
      peer.metricsUrl = 'http://127.0.0.1:40001/metrics'
      const ended = murmur.run('start', '--data', 'demo:1', '--until-round', '1', ...args)
      await peer.called('waitForRound 1')
      murmur.interrupt()
      await ended
      return murmur.stdout
    }
    expect((await told()).lines).to.include('Metrics at http://127.0.0.1:40001/metrics')
    const listen = (await told('--json')).json.find(({ event }) => event === 'listen')
    expect(listen).to.include({ metrics: 'http://127.0.0.1:40001/metrics' })
  })

  it('says what is waited for once, until it changes', async () => {
    const murmur = await Murmur.at()
    const { peer } = murmur.library
    const ended = murmur.run('start', '--data', 'demo:1')
    await peer.called('start')
    const waitingFor = '1 more member'
    for (const phase of ['connecting', 'waiting', 'agreeing'] as const)
      peer.emit('phase', { phase, waitingFor })
    peer.emit('phase', { phase: 'training', waitingFor: null })
    peer.emit('phase', { phase: 'waiting', waitingFor })
    murmur.interrupt()
    await ended
    expect(murmur.stdout.text.match(/Waiting for 1 more member\.\n/g)).to.have.length(2)
  })

  it('says nothing it does not know', () => {
    const text = (of: PeerEvent): string => eventText(of, NOW)?.slice(10) ?? ''
    expect(text(event('training:end', { before: {}, after: {}, samples: 1 }))).to.equal(
      'Trained round 4 on 1 example in 1.2 s.\n'
    )
    expect(text(event('training:end', { before: {}, after: { loss: 0.3 } }))).to.contain(
      ': loss – → 0.300.\n'
    )
    expect(text(event('finished', { evaluation: { loss: 1 }, round: 1 }))).to.contain(
      'Finished after 1 round, commit'
    )
    expect(text(event('phase', { phase: 'catching-up', waitingFor: null }))).to.contain('Catching up')
    expect(eventText(event('phase', { phase: 'training', waitingFor: null }), NOW)).to.equal(null)
  })

  it('lets no event steer the terminal or forge a line', () => {
    const text = eventText(event('member:refused', { message: 'a\u001b[2J\nFinished after 99 rounds' }), NOW)
    expect(text).not.to.contain('\u001b')
    expect(text?.match(/\n/g)).to.have.length(1)
  })
})

describe('the live view of a run', () => {
  it('draws in a terminal, and ends with the last state', async () => {
    const { stdout } = await run([], { stdout: { isTTY: true, columns: 100, rows: 40 } })
    expect(stdout.text).to.contain('Drawn digits').and.to.contain('latest commits')
    expect(stdout.text).to.match(/\u001b\[\?25h$/)
    expect(stdout.listening).to.equal(0)
  })
})

describe('listen', () => {
  it('hears every event, until it is told to stop', async () => {
    const peer = await FakePeer.create()
    const heard: string[] = []
    const unlisten = listen(peer, ({ event: name }) => heard.push(name))
    for (const name of peerEventNames) peer.emit(name, sampleEvents[name])
    unlisten()
    peer.emit('commit', commit(5))
    expect(heard).to.deep.equal(peerEventNames)
    expect(peer.listening(peerEventNames)).to.equal(0)
  })
})
