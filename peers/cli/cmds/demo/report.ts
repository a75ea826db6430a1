/** The demo's last lines: each peer alone against the federation. */
import { formatBytes, formatDuration, formatMetric } from '../../output/format.ts'
import { renderTable } from '../../output/table.ts'
import type { Comparison } from './alone.ts'

/** What the demo found out. */
export interface DemoResult {
  federation: string
  /** What all peers agree on. */
  commit: string
  rounds: number
  /** What each peer trained on, in words, and how it compares. */
  peers: (Comparison & { name: string; data: string; bytesOut: number })[]
  secondsPerRound: number
  wallSeconds: number
}

/** The commit that all peers hold. @throws when they do not */
export function agreedCommit(peers: readonly { name: string; commit: string }[]): string {
  const commits = new Set(peers.map(({ commit }) => commit))
  const [commit] = commits
  if (commit != null && commits.size === 1) return commit
  const list = peers.map((peer) => `${peer.name}: ${peer.commit}`).join(', ')
  throw new Error(`The peers hold different commits, which must never happen: ${list}`)
}

/** The table and what all agree on. */
export function renderReport(result: DemoResult, columns: number): string {
  const percent = (value: number | undefined): string => formatMetric('accuracy', value)
  const rows = result.peers.map(({ name, data, alone, together, bytesOut }) => [
    name,
    data,
    percent(alone['accuracy']),
    percent(together['accuracy']),
    gain(alone['accuracy'], together['accuracy']),
    formatBytes(bytesOut)
  ])
  const head = ['', 'trained on', 'alone', 'federation', 'gain', 'sent']
  const table = renderTable({ head, rows, right: [2, 3, 4, 5], columns })
  const bytes = result.peers.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
  return [
    'Accuracy on the common test data, after the same number of passes over its own data:',
    '',
    table,
    '',
    `All ${result.peers.length} peers hold the same commit: ${result.commit}`,
    `Sent by all: ${formatBytes(bytes)}, ${formatDuration(result.secondsPerRound * 1000)} a round, ` +
      `${result.wallSeconds.toFixed(1)} s in all. No data left its peer.`
  ].join('\n')
}

function gain(alone: number | undefined, together: number | undefined): string {
  if (alone == null || together == null) return '–'
  const points = (together - alone) * 100
  return `${points >= 0 ? '+' : '−'}${Math.abs(points).toFixed(1)}`
}
