import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Murmur, startedPeer } from '../helpers/murmur.ts'
import { NOW } from '../helpers/samples.ts'
import type { PeerInit } from '../../../../peers/node/types.ts'

const initOf = ({ library }: Murmur): PeerInit | undefined => library.called<PeerInit>('createPeer')[0]

describe('what a peer is given', () => {
  it('is what the options say, paths made absolute', async () => {
    const words =
      '--data ../d --test-data t.csv --part 2/4 --where a=b --where c=d --listen /ip4/0.0.0.0/tcp/1 ' +
      '--bootstrap /ip4/1.2.3.4/tcp/2 --bootstrap /ip4/1.2.3.4/tcp/3 --no-mdns --no-train --resize ' +
      '--metrics 9464 --backend cpu --threads 2 --home ./state'
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
      backend: 'cpu',
      threads: 2
    })
    murmur.interrupt()
    await ended
  })

  it('is remembered, and used again by a start that says nothing', async () => {
    const { murmur, ended } = await startedPeer(['--listen', '/ip4/0.0.0.0/tcp/4001'])
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
    const { murmur, ended } = await startedPeer()
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
    expect(murmur.stderr.text).to.contain(
      '--backend: "cuda" was given, one of tfjs-node-gpu, tfjs-node, webgpu, wasm, cpu is expected.'
    )
  })
})

describe('the passphrase', () => {
  it('comes from the environment without a question', async () => {
    const { murmur, ended } = await startedPeer([], { env: { MURMUR_PASSPHRASE: 'open' } })
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

describe('logs', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-cli-'))
  })

  afterEach(async () => {
    await rm(dir, { recursive: true })
  })

  it('go to a file in the working directory, one JSON object per line', async () => {
    const { murmur, ended } = await startedPeer(['--log-file', 'peer.log'], { cwd: dir })
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
    const { murmur, ended } = await startedPeer(['--log-level', 'error'], { stdout: screen, stderr: screen })
    const log = initOf(murmur)?.logger?.forComponent('murmur')
    log?.('quiet')
    log?.error('loud')
    expect(murmur.stderr.json.map(({ message }) => message)).to.deep.equal(['loud'])
    expect(murmur.stdout.text).not.to.contain('\u001b')
    murmur.interrupt()
    await ended
  })

  it('are left to libp2p without options', async () => {
    const { murmur, ended } = await startedPeer()
    expect(initOf(murmur)).not.to.have.property('logger')
    murmur.interrupt()
    await ended
  })
})
