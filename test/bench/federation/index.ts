/**
 * A federation of four processes, or ten: seconds a round, bytes, memory.
 *
 * `npm run bench:federation [-- --floor | --big | --cnn]`, the last two with `[--topology butterfly] [--codec int8]`, the
 * last with `[--committee 4]`; needs ../shared/data. The last line is JSON.
 */
import { parseArgs } from 'node:util'
import { formatBytes } from '../../../peers/cli/output/format.ts'
import { renderTable } from '../../../peers/cli/output/table.ts'
import { big, cnn, floor, learning } from './plans.ts'
import { run } from './run.ts'
import type { ChildEvent } from '../../../peers/cli/cmds/demo/child.ts'
import type { Plan } from './plans.ts'
import type { PeerRun, Run } from './run.ts'

const { values } = parseArgs({
  options: {
    floor: { type: 'boolean' },
    big: { type: 'boolean' },
    cnn: { type: 'boolean' },
    topology: { type: 'string', default: 'full' },
    codec: { type: 'string', default: 'fp32' },
    committee: { type: 'string' }
  }
})
const plan = chosen()
console.log(`${plan.name}: ${plan.about}, ${plan.data.length} peers, ${plan.rounds} rounds`)
const result = await run(plan, (peer, event) => {
  if (peer === 0 && event.event === 'commit' && Number(event['round']) > 0)
    console.log(`round ${String(event['round'])}: ${(Number(event['roundMs']) / 1000).toFixed(2)} s`)
})
tell(result)

function chosen(): Plan {
  if (values.floor === true) return floor()
  if (values.cnn === true) return cnn(values)
  return values.big === true ? big(values) : learning()
}

function tell({ peers, wallSeconds, evaluation }: Run): void {
  const secondsPerRound = mean(roundsOf(peers[0]).map((event) => Number(event['roundMs']) / 1000))
  const trainingSeconds = mean(slowestTrainings(peers))
  const bytesSent = peers.reduce((sum, peer) => sum + peer.bytesOut, 0)
  const rows = peers.map((peer, i) => [
    `peer ${i + 1}`,
    mean(trainingsOf(peer)).toFixed(3),
    formatBytes(peer.bytesOut),
    String(peer.peakRssMb),
    peer.cpuSeconds.toFixed(1),
    String(peer.disconnections),
    peer.commit.slice(-12)
  ])
  const head = ['', 'training s', 'sent', 'peak RSS MB', 'CPU s', 'lost connections', 'commit']
  console.log(`\n${renderTable({ head, rows, right: [1, 2, 3, 4, 5] })}\n`)
  const commits = new Set(peers.map((peer) => peer.commit))
  if (commits.size !== 1) throw new Error(`The peers hold different commits: ${[...commits].join(', ')}`)
  const figures = {
    accuracy: evaluation['accuracy'],
    secondsPerRound,
    trainingSeconds,
    overheadSeconds: secondsPerRound - trainingSeconds,
    bytesSent,
    peakRssMb: Math.max(...peers.map((peer) => peer.peakRssMb)),
    wallSeconds
  }
  console.log(
    JSON.stringify(figures, (_, value: unknown) => (typeof value === 'number' ? round(value) : value))
  )
}

/** The commits that completed a training round, of each round the first. */
function roundsOf({ events }: PeerRun): ChildEvent[] {
  const commits = events.filter(({ event }) => event === 'commit')
  return commits.filter((commit, i) => Number(commit['round']) > Number(commits[i - 1]?.['round'] ?? 0))
}

function trainingsOf({ events }: PeerRun): number[] {
  return events
    .filter(({ event }) => event === 'training:end')
    .map((event) => Number(event['trainingMs']) / 1000)
}

/** Of each round, the time of the peer that took longest. */
function slowestTrainings(peers: readonly PeerRun[]): number[] {
  const all = peers.map(trainingsOf)
  return all[0].map((_, round) => Math.max(...all.map((own) => own[round] ?? 0)))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function round(value: number): number {
  return Number(value.toPrecision(5))
}
