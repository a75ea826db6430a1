/** A majority that is gone for good: real processes, killed, two of their three homes lost. */
import { rm } from 'node:fs/promises'
import { expect } from 'chai'
import { inOneWorld } from './in-world.ts'
import { LOCAL } from './world.ts'
import type { MurmurProcess } from './process.ts'

const REASON = 'fire in the lab'

describe('a federation that has lost three of its four peers', function () {
  const current = inOneWorld(this)
  let ada: MurmurProcess
  let eve: MurmurProcess

  it('waits, and says for whom', async () => {
    const { world } = current
    const peers = await world.federation(['ada', 'ben', 'cleo', 'dan'])
    ada = peers[0]
    await Promise.all(peers.map((peer) => peer.commit(2)))
    await Promise.all(peers.slice(1).map((peer) => peer.kill('SIGKILL')))
    for (const name of ['ben', 'cleo']) await rm(world.path(name), { recursive: true })
    await ada.event('phase', ({ waitingFor }) => String(waitingFor).includes('quorum'))
  })

  it('goes on once its admin has recovered it, with a newcomer', async () => {
    const { world } = current
    const { recovered } = await world.ask('ada', ['recover', '--reason', REASON, '--yes'])
    expect(recovered).to.include({ number: 1, reason: REASON })
    const invite = await world.invite('ada')
    eve = world.start('eve', ['join', invite, '--yes', '--data', world.path('tiny.csv'), ...LOCAL])
    const { round } = await eve.event(
      'commit',
      ({ contributions }) => (contributions as unknown[]).length === 2
    )
    const commits = await Promise.all([ada, eve].map((peer) => peer.commit(Number(round) + 2)))
    expect(commits[0]['cid']).to.equal(commits[1]['cid'])
  })

  it('shows the branch on every member', async () => {
    const { world } = current
    for (const name of ['ada', 'eve']) {
      const status = await world.murmur(['status', '--home', world.path(name)])
      expect(status.stdout).to.match(/^BRANCH +opened without a quorum by 12D3Koo.*: fire in the lab$/m)
      const ledger = await world.murmur(['ledger', '--home', world.path(name)])
      expect(ledger.stdout).to.match(/^BRANCH: from height \d+ on.*: fire in the lab$/m)
    }
  })

  it('tells one that returns, and lets it in again when its operator agrees', async () => {
    const { world } = current
    const dan = world.start('dan', ['start', ...LOCAL])
    const { peerId } = await dan.event('start')
    const told = await dan.event('phase', ({ waitingFor }) => String(waitingFor).includes(REASON))
    expect(told['waitingFor']).to.contain('murmur recover --follow')
    expect(await world.ask('dan', ['status'])).to.include({ branch: null, phase: 'waiting' })
    await world.ask('dan', ['recover', '--follow', '--yes'])
    // Not one of the old branch, in which it took part as well.
    const { round } = await ada.next('commit', ({ contributions }) =>
      (contributions as { author: string }[]).some(({ author }) => author === peerId)
    )
    const commits = await Promise.all([ada, eve, dan].map((peer) => peer.commit(Number(round) + 1)))
    expect(new Set(commits.map(({ cid }) => cid))).to.have.length(1)
    await dan.kill('SIGKILL')
  })

  it('has a ledger that can be checked from the founding on', async () => {
    const { world } = current
    await world.murmur(['stop', '--home', world.path('ada')])
    await ada.ended
    const report = await world.ask('ada', ['ledger', 'verify'])
    expect(report).to.include({ sound: true, defectCount: 0 })
    expect(report['branches']).to.have.length(1)
  })
})
