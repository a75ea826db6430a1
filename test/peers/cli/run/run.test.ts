import { expect } from 'chai'
import { peerEventNames } from '../../../../peers/cli/run/events.ts'
import { Murmur, startedPeer } from '../helpers/murmur.ts'

describe('running a peer', () => {
  it('stops the peer on Ctrl-C, and exits with 130 without a word of failure', async () => {
    const { murmur, peer, ended } = await startedPeer()
    murmur.interrupt()
    expect(await ended).to.equal(130)
    expect(peer.calls).to.deep.equal(['start', 'control stopped', 'stop'])
    expect(murmur.stderr.text).to.equal('')
    expect(peer.listening(peerEventNames)).to.be.at.most(2)
  })

  it('exits with 143 on SIGTERM', async () => {
    const { murmur, ended } = await startedPeer()
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
    const { murmur, peer, ended } = await startedPeer()
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
    const { murmur, peer, ended } = await startedPeer([], { stdout: { isTTY: true } })
    murmur.library.failures.stopControl = new Error('socket trouble')
    murmur.library.stopServed()
    expect(await ended).to.equal(1)
    expect(peer.calls).to.include('stop')
    expect(murmur.stdout.text).to.match(/\u001b\[\?25h$/)
  })

  it('gives the terminal back even when the peer does not stop', async () => {
    const { murmur, peer, ended } = await startedPeer([], { stdout: { isTTY: true } })
    peer.stopping = Promise.reject(new Error('disk trouble'))
    murmur.library.stopServed()
    expect(await ended).to.equal(1)
    expect(murmur.stdout.text).to.match(/\u001b\[\?25h$/)
    expect(murmur.stderr.text).to.contain('disk trouble')
  })
})
