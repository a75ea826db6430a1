/** How a running peer ends, and what stands in the way of starting it. */
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { inOneWorld } from './in-world.ts'
import { LOCAL, LONG_ROUNDS } from './world.ts'
import type { AddressInfo } from 'node:net'
import type { MurmurProcess } from './process.ts'

/** At once for a person; the machine may be busy with other tests. */
const LEAVE_MS = 2_000
const BUSY_FACTOR = 3

describe('a running peer', function () {
  const current = inOneWorld(this)
  let peer: MurmurProcess

  before(async () => {
    const { world } = current
    const data = await world.found('ada', { members: 1, ...LONG_ROUNDS })
    peer = world.start('ada', ['start', '--data', data, ...LOCAL])
    await peer.commit(1)
  })

  /** The founder again, alone, on the data of before; once it has gone on. */
  async function started(args: string[] = []): Promise<MurmurProcess> {
    const again = current.world.start('ada', ['start', ...LOCAL, ...args])
    await again.commitAfter(peer.round)
    return again
  }

  it('has its home to itself: a second start says so', async () => {
    const { world } = current
    const { code, stderr } = await world.murmur(['start', '--home', world.path('ada'), ...LOCAL])
    expect(code).to.equal(1)
    expect(stderr)
      .to.match(/^murmur: .*ada.*(in use|already runs|running)/i)
      .and.not.to.match(/^ +at /m)
  })

  it('starts again after kill -9 left its control socket behind', async () => {
    const { world } = current
    await peer.kill('SIGKILL')
    expect(existsSync(world.path('ada/control.sock'))).to.equal(true)
    expect((await world.ask('ada', ['status']))['origin']).to.equal('disk')
    peer = await started()
    expect((await world.ask('ada', ['status']))['origin']).to.equal('peer')
  })

  it('leaves at once on SIGINT, in the middle of training, with exit code 130', async () => {
    await expectToLeave('SIGINT', 130)
  })

  it('serves metrics for Prometheus', async () => {
    const { world } = current
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const metrics = ['--metrics', `127.0.0.1:${port}`]
    const refused = await world.murmur(['start', '--home', world.path('ada'), ...metrics, ...LOCAL])
    expect(refused.code).to.equal(1)
    expect(refused.stderr).to.match(
      /^murmur: Metrics cannot be served at 127.0.0.1:\d+ .*Choose another --metrics/
    )
    await new Promise<void>((resolve) => void server.close(() => resolve()))

    peer = await started(metrics)
    const response = await fetch(`http://127.0.0.1:${port}/metrics`)
    expect(response.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/)
    const text = await response.text()
    expect(text).to.match(/^# TYPE murmur\w* (gauge|counter|histogram)$/m)
    expect(text).to.match(/^murmur\w*round\w*(\{[^}]*\})? [1-9]/m)
  })

  it('leaves at once on SIGTERM, in the middle of training, with exit code 143', async () => {
    await expectToLeave('SIGTERM', 143)
  })

  async function expectToLeave(signal: NodeJS.Signals, code: number): Promise<void> {
    const { world } = current
    await peer.amidTraining()
    const { round } = peer
    const startedAt = performance.now()
    expect(await peer.kill(signal)).to.deep.equal({ code, signal: null })
    expect(performance.now() - startedAt).to.be.lessThan(LEAVE_MS * BUSY_FACTOR)
    expect(existsSync(world.path('ada/control.sock'))).to.equal(false)
    // Nothing is lost: the files tell of every round it told of.
    expect((await world.ask('ada', ['status']))['round']).to.be.at.least(round)
    expect(peer.events.map(({ event }) => event)).to.include('stop')
  }
})
