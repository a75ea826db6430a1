import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { peerEventNames } from '../../../../peers/cli/run/events.ts'
import { Murmur } from '../helpers/murmur.ts'
import { FakePeer } from '../helpers/peer.ts'
import { BOB, commit, digitsManifest, member, NOW, sampleEvents, status } from '../helpers/samples.ts'
import type { MurmurInit } from '../helpers/murmur.ts'
import type { PeerInit } from '../../../../peers/node/types.ts'

/** A terminal in which `murmur start` was typed, once its peer runs. */
async function started(
  args: string[] = [],
  init: MurmurInit = {}
): Promise<{ murmur: Murmur; peer: FakePeer; ended: Promise<number> }> {
  const murmur = await Murmur.at(init)
  const { peer } = murmur.library
  const ended = murmur.run('start', '--data', 'demo:1', ...args)
  await Promise.race([peer.called('start'), ended])
  return { murmur, peer, ended }
}

const initOf = ({ library }: Murmur): PeerInit | undefined => library.called<PeerInit>('createPeer')[0]

/** All others are gone, so that nobody is waited for. */
const alone = status({ members: [member(BOB, { connected: false })] })

describe('running a peer', () => {
  it('stops the peer on Ctrl-C, and exits with 130 without a word of failure', async () => {
    const { murmur, peer, ended } = await started()
    murmur.interrupt()
    expect(await ended).to.equal(130)
    expect(peer.calls).to.deep.equal(['start', 'control stopped', 'stop'])
    expect(murmur.stderr.text).to.equal('')
    expect(peer.listening(peerEventNames)).to.be.at.most(2)
  })

  it('exits with 143 on SIGTERM', async () => {
    const { murmur, ended } = await started()
    murmur.interrupt('SIGTERM')
    expect(await ended).to.equal(143)
  })

  it('does not wait for a start that hangs when Ctrl-C comes', async () => {
    const murmur = await Murmur.at()
    const { peer } = murmur.library
    peer.starting = new Promise(() => undefined)
    const ended = murmur.run('start', '--data', 'demo:1')
    await peer.called('start')
    murmur.interrupt()
    expect(await ended).to.equal(130)
    expect(peer.calls).to.include('stop')
  })

  it('never starts a peer when Ctrl-C came while it was being opened', async () => {
    const murmur = await Murmur.at()
    const { library } = murmur
    library.serveControl = async () => {
      murmur.interrupt()
      return { stop: () => Promise.resolve() }
    }
    expect(await murmur.run('start', '--data', 'demo:1')).to.equal(130)
    expect(library.peer.calls).to.deep.equal(['stop'])
  })

  it('ends with 0 when murmur stop says so', async () => {
    const { murmur, peer, ended } = await started()
    murmur.library.stopServed()
    expect(await ended).to.equal(0)
    expect(peer.calls.at(-1)).to.equal('stop')
  })

  it('tells why the peer could not start, and stops what was opened', async () => {
    const murmur = await Murmur.at()
    const { peer } = murmur.library
    peer.starting = Promise.reject(Object.assign(new Error('x'), { code: 'EADDRINUSE', port: 4001 }))
    expect(await murmur.run('start', '--data', 'demo:1')).to.equal(1)
    expect(murmur.stderr.text).to.contain('Another program already listens on port 4001.')
    expect(peer.calls).to.deep.equal(['start', 'control stopped', 'stop'])
  })

  it('stops the peer and gives the terminal back even when the control socket does not close', async () => {
    const { murmur, peer, ended } = await started([], { stdout: { isTTY: true } })
    murmur.library.failures.stopControl = new Error('socket trouble')
    murmur.library.stopServed()
    expect(await ended).to.equal(1)
    expect(peer.calls).to.include('stop')
    expect(murmur.stdout.text).to.match(/\u001b\[\?25h$/)
  })

  it('gives the terminal back even when the peer does not stop', async () => {
    const { murmur, peer, ended } = await started([], { stdout: { isTTY: true } })
    peer.stopping = Promise.reject(new Error('disk trouble'))
    murmur.library.stopServed()
    expect(await ended).to.equal(1)
    expect(murmur.stdout.text).to.match(/\u001b\[\?25h$/)
    expect(murmur.stderr.text).to.contain('disk trouble')
  })
})

describe('what a peer is given', () => {
  it('is what the options say, paths made absolute', async () => {
    const words =
      '--data ../d --test-data t.csv --part 2/4 --where a=b --where c=d --listen /ip4/0.0.0.0/tcp/1 ' +
      '--bootstrap /ip4/1.2.3.4/tcp/2 --bootstrap /ip4/1.2.3.4/tcp/3 --no-mdns --no-train --resize ' +
      '--metrics 9464 --backend cpu --home ./state'
    const murmur = await Murmur.at()
    const ended = murmur.run('start', ...words.split(' '))
    await murmur.library.peer.called('start')
    expect(initOf(murmur)).to.deep.equal({
      home: '/work/alice/state',
      data: {
        path: '/work/d',
        testPath: '/work/alice/t.csv',
        part: { index: 1, count: 4 },
        where: { a: 'b', c: 'd' },
        resize: true
      },
      listen: ['/ip4/0.0.0.0/tcp/1'],
      bootstrap: ['/ip4/1.2.3.4/tcp/2', '/ip4/1.2.3.4/tcp/3'],
      mdns: false,
      train: false,
      metrics: { host: '127.0.0.1', port: 9464 },
      backend: 'cpu'
    })
    murmur.interrupt()
    await ended
  })

  it('is remembered, and used again by a start that says nothing', async () => {
    const { murmur, ended } = await started(['--listen', '/ip4/0.0.0.0/tcp/4001'])
    const remembered = { data: { path: 'demo:1' }, listen: ['/ip4/0.0.0.0/tcp/4001'] }
    expect(murmur.library.called('remember')).to.deep.equal([
      { home: '/home/alice/.murmur', options: remembered }
    ])
    murmur.interrupt()
    await ended

    const again = await Murmur.at()
    again.library.home = { ...again.library.home!, remembered }
    const second = again.run('start')
    await again.library.peer.called('start')
    expect(initOf(again)).to.deep.include(remembered)
    again.interrupt()
    await second
  })

  it('says nothing about mDNS unless the options do, so that config.json decides', async () => {
    const { murmur, ended } = await started()
    expect(initOf(murmur)).to.not.have.property('mdns')
    murmur.interrupt()
    await ended
  })

  it('is not remembered when no peer can be made of it', async () => {
    const murmur = await Murmur.at()
    murmur.library.failures.createPeer = Object.assign(new Error('x'), { code: 'ENOENT', path: '/no' })
    expect(await murmur.run('start', '--data', '/no')).to.equal(1)
    expect(murmur.stderr.text).to.equal('murmur: /no does not exist. Check the path.\n')
    expect(murmur.library.called('remember')).to.deep.equal([])
  })

  it('must have data, unless it does not train', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('start')).to.equal(1)
    expect(murmur.stderr.text).to.contain('no data to train on').and.to.contain('--data demo:1')
    const ended = murmur.run('start', '--no-train')
    await murmur.library.peer.called('start')
    murmur.interrupt()
    expect(await ended).to.equal(130)
  })

  for (const words of ['--part 1/2', '--where a=b', '--test-data t.csv', '--resize']) {
    it(`needs --data for ${words}`, async () => {
      const murmur = await Murmur.at()
      expect(await murmur.run('start', ...words.split(' '))).to.equal(2)
      expect(murmur.stderr.text).to.contain('say --data <path> as well')
    })
  }

  it('has one value per column', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('start', '--data', 'x.csv', '--where', 'a=1', '--where', 'a=2')).to.equal(2)
    expect(murmur.stderr.text).to.contain('the column "a" was given twice')
  })

  it('names the engines there are', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('start', '--backend', 'cuda')).to.equal(2)
    expect(murmur.stderr.text).to.contain('--backend: "cuda" was given, wasm or cpu is expected.')
  })
})

describe('the passphrase', () => {
  it('comes from the environment without a question', async () => {
    const { murmur, ended } = await started([], { env: { MURMUR_PASSPHRASE: 'open' } })
    expect(initOf(murmur)?.passphrase).to.equal('open')
    expect(murmur.questions).to.deep.equal([])
    murmur.interrupt()
    await ended
  })

  it('is asked for when the identity is encrypted', async () => {
    const murmur = await Murmur.at({ secret: 'typed' })
    murmur.library.encrypted = true
    const ended = murmur.run('start', '--data', 'demo:1')
    await murmur.library.peer.called('start')
    expect(initOf(murmur)?.passphrase).to.equal('typed')
    expect(murmur.questions).to.deep.equal(['Passphrase of the identity in /home/alice/.murmur: '])
    murmur.interrupt()
    await ended
  })

  it('is said to be missing when nobody is there to be asked', async () => {
    const murmur = await Murmur.at()
    murmur.library.encrypted = true
    expect(await murmur.run('start', '--data', 'demo:1')).to.equal(1)
    expect(murmur.stderr.text).to.contain('Set MURMUR_PASSPHRASE')
    expect(murmur.library.called('createPeer')).to.deep.equal([])
  })
})

describe('the end of a run', () => {
  it('comes after the wanted round', async () => {
    const { murmur, peer, ended } = await started(['--until-round', '4'])
    await peer.called('waitForRound 4')
    peer.state = alone
    peer.emit('commit', commit(4))
    expect(await ended).to.equal(0)
    expect(murmur.time.pending).to.equal(0)
  })

  it('comes with the end of the federation, told by its last event', async () => {
    const { murmur, peer, ended } = await started(['--exit-when-finished', '--json'])
    peer.state = { ...alone, phase: 'finished' }
    peer.emit('phase', { phase: 'finished', waitingFor: null })
    peer.emit('finished', sampleEvents.finished)
    expect(await ended).to.equal(0)
    const told = murmur.stdout.json.map(({ event }) => event).filter((event) => event !== 'listen')
    expect(told).to.deep.equal(['start', 'phase', 'finished', 'stop'])
  })

  it('comes too when the federation finishes before the wanted round', async () => {
    const { peer, ended } = await started(['--until-round', '9'])
    await peer.called('waitForRound 9')
    peer.state = alone
    peer.emit('finished', sampleEvents.finished)
    expect(await ended).to.equal(0)
  })

  it('comes too when the final model cannot be measured', async () => {
    const { peer, ended } = await started(['--exit-when-finished'])
    peer.emit('error', { error: new Error('one that does not matter') })
    peer.state = { ...alone, phase: 'finished' }
    peer.emit('error', { error: new Error('nothing to measure on') })
    expect(await ended).to.equal(0)
  })

  it('waits for slower members, but not longer than it was told to', async () => {
    const { murmur, peer, ended } = await started(['--until-round', '4', '--linger', '2s'])
    await peer.called('waitForRound 4')
    peer.emit('commit', commit(4))
    await murmur.time.armed()
    murmur.time.advance(1900)
    expect(peer.calls).not.to.include('stop')
    murmur.time.advance(100)
    expect(await ended).to.equal(0)
    expect(murmur.time.nowMs).to.equal(NOW + 2000)
  })

  it('waits no longer than others are there', async () => {
    const { murmur, peer, ended } = await started(['--until-round', '4'])
    await peer.called('waitForRound 4')
    peer.emit('commit', commit(4))
    await murmur.time.armed()
    peer.state = alone
    murmur.time.advance(100)
    expect(await ended).to.equal(0)
  })

  it('waits for nobody with --linger 0', async () => {
    const { peer, ended } = await started(['--until-round', '4', '--linger', '0'])
    await peer.called('waitForRound 4')
    peer.emit('commit', commit(4))
    expect(await ended).to.equal(0)
  })

  it('comes at once with Ctrl-C, also while it waits for others', async () => {
    const { murmur, peer, ended } = await started(['--until-round', '4'])
    await peer.called('waitForRound 4')
    peer.emit('commit', commit(4))
    await murmur.time.armed()
    murmur.interrupt()
    expect(await ended).to.equal(130)
    expect(murmur.time.pending).to.equal(0)
  })
})

describe('logs', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-cli-'))
  })

  afterEach(async () => {
    await rm(dir, { recursive: true })
  })

  it('go to a file in the working directory, one JSON object per line', async () => {
    const { murmur, ended } = await started(['--log-file', 'peer.log'], { cwd: dir })
    initOf(murmur)?.logger?.forComponent('murmur')('round %d', 4)
    murmur.interrupt()
    await ended
    const text = await readFile(join(dir, 'peer.log'), 'utf8')
    expect(JSON.parse(text)).to.deep.equal({
      time: NOW,
      level: 'debug',
      component: 'murmur',
      message: 'round 4'
    })
  })

  it('go to stderr with only a level, and then leave the terminal to plain lines', async () => {
    const screen = { isTTY: true }
    const { murmur, ended } = await started(['--log-level', 'error'], { stdout: screen, stderr: screen })
    const log = initOf(murmur)?.logger?.forComponent('murmur')
    log?.('quiet')
    log?.error('loud')
    expect(murmur.stderr.json.map(({ message }) => message)).to.deep.equal(['loud'])
    expect(murmur.stdout.text).not.to.contain('\u001b')
    murmur.interrupt()
    await ended
  })

  it('are left to libp2p without options', async () => {
    const { murmur, ended } = await started()
    expect(initOf(murmur)).not.to.have.property('logger')
    murmur.interrupt()
    await ended
  })
})

describe('a manifest of one member', () => {
  it('has nobody to wait for', async () => {
    const peer = new FakePeer((await digitsManifest()).value, status({ members: [] }))
    const murmur = await Murmur.at()
    murmur.library.peer = peer
    const ended = murmur.run('start', '--data', 'demo:1', '--exit-when-finished')
    await peer.called('start')
    peer.emit('finished', sampleEvents.finished)
    expect(await ended).to.equal(0)
  })
})
