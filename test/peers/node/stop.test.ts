import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { failure } from '../../helpers/failure.ts'
import { next, record, only } from './events.ts'
import { Federation } from './federation.ts'
import type { Member } from './federation.ts'

/** Every file below a directory, with when it was written. */
async function filesOf({ home }: Member): Promise<string[]> {
  return (await readdir(home.dir, { recursive: true })).sort()
}

describe('starting and stopping', function () {
  this.timeout(60_000)
  let federation: Federation

  afterEach(() => federation.close())

  it('are idempotent, each call resolving when it is done', async () => {
    federation = await Federation.found()
    const { peer, trainer } = federation.founder
    await Promise.all([peer.start(), peer.start()])
    await peer.start()
    expect(peer.addresses()).to.have.length(1)
    await Promise.all([peer.stop(), peer.stop()])
    await peer.stop()
    expect(peer.addresses()).to.deep.equal([])
    expect(trainer.stopped).to.equal(true)
  })

  it('stop() before start() releases everything, and start() says that it is over', async () => {
    federation = await Federation.found()
    const { founder } = federation
    await founder.peer.stop()
    expect((await failure(founder.peer.start(), Error)).name).to.equal('PeerStoppedError')
    expect(founder.trainer.stopped).to.equal(true)
    await federation.reopen(founder)
    await founder.peer.start()
  })

  it('stop() during start() leaves nothing running', async () => {
    federation = await Federation.found()
    const { founder } = federation
    const starting = founder.peer.start().catch((error: Error) => error)
    await founder.peer.stop()
    await starting
    expect(founder.peer.status().phase).to.equal('stopped')
    expect(founder.peer.addresses()).to.deep.equal([])
    await federation.reopen(founder)
  })

  it('the same home can be opened again at once, and not before', async () => {
    federation = await Federation.of(2, { rounds: { stop: { rounds: 1_000_000 } } })
    const [, second] = federation.members
    await second.peer.waitForRound(1)
    expect((await failure(federation.reopen(second), Error)).name).to.equal('StateStoreLockedError')
    for (let i = 0; i < 3; i++) {
      await second.peer.stop()
      await federation.reopen(second)
      await second.peer.start()
      await next(second.peer, 'commit')
    }
  })

  it('writes nothing after it has stopped, whatever was under way', async () => {
    federation = await Federation.of(3, { rounds: { stop: { rounds: 1_000_000 } }, parameters: 300_000 })
    const [, , third] = federation.members
    for (const type of ['round:start', 'training:end', 'update:accepted', 'commit'] as const) {
      await next(third.peer, type)
      await third.peer.stop()
      const files = await filesOf(third)
      expect(files.filter((file) => file.includes('transient/'))).to.deep.equal([])
      // No event tells that nothing happens: a moment is given to what must not come.
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await filesOf(third), `after ${type}`).to.deep.equal(files)
      await federation.reopen(third)
      await third.peer.start()
    }
  })

  it('tells of no error because of being stopped', async () => {
    federation = await Federation.of(3, { rounds: { stop: { rounds: 1_000_000 } } })
    await federation.founder.peer.waitForRound(1)
    const told = federation.peers.map(record)
    await federation.hold()
    await Promise.all(federation.peers.map((peer) => peer.stop()))
    for (const events of told) expect(only(events, 'error')).to.deep.equal([])
  })

  it('leaves nothing that keeps a process alive', async () => {
    federation = await Federation.found()
    const child = fileURLToPath(new URL('./exits.ts', import.meta.url))
    const { founder } = federation
    await founder.peer.stop()
    const process_ = spawn(process.execPath, [child, founder.home.dir], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [process_.stdout, process_.stderr])
      stream.on('data', (data) => (said += String(data)))
    const patience = setTimeout(() => process_.kill('SIGKILL'), 30_000)
    const [code] = (await once(process_, 'close')) as [number | null]
    clearTimeout(patience)
    expect({ code, said }).to.deep.equal({ code: 0, said: 'stopped\n' })
  })
})
