import { expect } from 'chai'
import { failure } from '../../helpers/failure.ts'
import { only, record, statusWhere } from './events.ts'
import { Federation } from './federation.ts'
import { closedPort, takenPort } from './ports.ts'

const host = '127.0.0.1'

/** Value by series: Prometheus' text format, the peer's own labels left out. */
function seriesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      const series = line.slice(0, at).replace(/federation="[^"]*",?|peer="[^"]*",?/g, '')
      return [series.replace(/,\}$/, '}').replace('{}', ''), Number(line.slice(at + 1))]
    })
  )
}

describe('metrics of a peer', function () {
  this.timeout(60_000)
  let federation: Federation

  afterEach(() => federation.close())

  it('are served in the text format of Prometheus, with what the status says', async () => {
    const port = await closedPort()
    federation = await Federation.found({ rounds: { startMembers: 2, stop: { rounds: 3 } } })
    await federation.reopenFounder({ metrics: { host, port } })
    const { peer } = federation.founder
    const told = record(peer)
    await peer.start()
    const second = await federation.join()
    await second.peer.start()
    await peer.waitForRound()
    const status = await statusWhere(peer, () => only(told, 'finished').length === 1)
    const response = await fetch(`http://${host}:${port}/metrics`)
    expect(response.status).to.equal(200)
    expect(response.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/)
    const text = await response.text()
    expect(text).to.include(`federation="${federation.manifest.cid}"`).and.to.include(`peer="${peer.peerId}"`)
    const series = seriesOf(text)
    expect(Object.fromEntries(series)).to.include({
      murmur_round: 3,
      murmur_rounds_limit: 3,
      murmur_height: status.height,
      murmur_view: 0,
      murmur_members: 2,
      murmur_roster_members: 2,
      murmur_connected_members: 1,
      'murmur_phase{phase="finished"}': 1,
      'murmur_phase{phase="training"}': 0,
      'murmur_evaluation{metric="loss",data="all"}': status.evaluation?.['loss'],
      'murmur_evaluation{metric="loss",data="own"}': status.ownEvaluation?.['loss'],
      murmur_training_seconds_count: 3,
      murmur_errors_total: 0
    })
    // Commits that completed no round count as well: they are from commit to commit.
    expect(series.get('murmur_round_seconds_count')).to.equal(status.height)
    expect(series.get('murmur_bytes_total{direction="in"}')).to.be.at.least(status.bytesIn)
    expect(series.get('murmur_bytes_total{direction="out"}')).to.be.at.least(status.bytesOut)
    expect(series.get('process_resident_memory_bytes')).to.be.above(0)
    expect(text)
      .to.match(/^# HELP murmur_round \S/m)
      .and.to.match(/^# TYPE murmur_bytes_total counter$/m)
  })

  it('are at one path, to be read only, and gone once the peer has stopped', async () => {
    const port = await closedPort()
    federation = await Federation.found()
    await federation.reopenFounder({ metrics: { host, port } })
    await federation.founder.peer.start()
    const at = (path: string): string => `http://${host}:${port}${path}`
    for (const [path, method] of [
      ['/', 'GET'],
      ['/metrics/', 'GET'],
      ['/metrics', 'POST'],
      ['/v1/status', 'GET']
    ]) {
      const response = await fetch(at(path), { method })
      expect(response.status, `${method} ${path}`).to.equal(404)
      expect(await response.text()).to.equal('Metrics are at GET /metrics.\n')
    }
    expect((await fetch(at('/metrics?x=1'))).status).to.equal(200)
    await federation.founder.peer.stop()
    await failure(fetch(at('/metrics')), TypeError)
  })

  it('say so when their port is in use; the peer can still be stopped, and started elsewhere', async () => {
    const { port, release } = await takenPort()
    federation = await Federation.found()
    try {
      await federation.reopenFounder({ metrics: { host, port } })
      const error = await failure(federation.founder.peer.start(), Error)
      expect(error.name).to.equal('MetricsAddressError')
      expect(error.message).to.match(
        new RegExp(`^Metrics cannot be served at 127\\.0\\.0\\.1:${port} \\(.*EADDRINUSE.*free that port\\.$`)
      )
      await federation.founder.peer.stop()
    } finally {
      await release()
    }
    await federation.reopenFounder({ metrics: { host, port } })
    await federation.founder.peer.start()
  })
})
