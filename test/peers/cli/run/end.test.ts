import { expect } from 'chai'
import { Murmur, startedPeer } from '../helpers/murmur.ts'
import { FakePeer } from '../helpers/peer.ts'
import { BOB, commit, digitsManifest, member, NOW, sampleEvents, status } from '../helpers/samples.ts'

/** All others are gone, so that nobody is waited for. */
const alone = status({ members: [member(BOB, { connected: false })] })

describe('the end of a run', () => {
  it('comes after the wanted round', async () => {
    const { murmur, peer, ended } = await startedPeer(['--until-round', '4'])
    await peer.called('waitForRound 4')
    peer.state = alone
    peer.emit('commit', commit(4))
    expect(await ended).to.equal(0)
    expect(murmur.time.pending).to.equal(0)
  })

  it('comes with the end of the federation, told by its last event', async () => {
    const { murmur, peer, ended } = await startedPeer(['--exit-when-finished', '--json'])
    peer.state = { ...alone, phase: 'finished' }
    peer.emit('phase', { phase: 'finished', waitingFor: null })
    peer.emit('finished', sampleEvents.finished)
    expect(await ended).to.equal(0)
    const told = murmur.stdout.json.map(({ event }) => event).filter((event) => event !== 'listen')
    expect(told).to.deep.equal(['start', 'phase', 'finished', 'stop'])
  })

  it('comes too when the federation finishes before the wanted round', async () => {
    const { peer, ended } = await startedPeer(['--until-round', '9'])
    await peer.called('waitForRound 9')
    peer.state = alone
    peer.emit('finished', sampleEvents.finished)
    expect(await ended).to.equal(0)
  })

  it('comes too when the final model cannot be measured', async () => {
    const { peer, ended } = await startedPeer(['--exit-when-finished'])
    peer.emit('error', { error: new Error('one that does not matter') })
    peer.state = { ...alone, phase: 'finished' }
    peer.emit('error', { error: new Error('nothing to measure on') })
    expect(await ended).to.equal(0)
  })

  it('waits for slower members, but not longer than it was told to', async () => {
    const { murmur, peer, ended } = await startedPeer(['--until-round', '4', '--linger', '2s'])
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
    const { murmur, peer, ended } = await startedPeer(['--until-round', '4'])
    await peer.called('waitForRound 4')
    peer.emit('commit', commit(4))
    await murmur.time.armed()
    peer.state = alone
    murmur.time.advance(100)
    expect(await ended).to.equal(0)
  })

  it('waits for nobody with --linger 0', async () => {
    const { peer, ended } = await startedPeer(['--until-round', '4', '--linger', '0'])
    await peer.called('waitForRound 4')
    peer.emit('commit', commit(4))
    expect(await ended).to.equal(0)
  })

  it('comes at once with Ctrl-C, also while it waits for others', async () => {
    const { murmur, peer, ended } = await startedPeer(['--until-round', '4'])
    await peer.called('waitForRound 4')
    peer.emit('commit', commit(4))
    await murmur.time.armed()
    murmur.interrupt()
    expect(await ended).to.equal(130)
    expect(murmur.time.pending).to.equal(0)
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
