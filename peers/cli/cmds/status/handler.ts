import {
  formatBytes,
  formatDateTime,
  formatDuration,
  formatEngine,
  formatMetric,
  metricNames,
  plural
} from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderPairs } from '../../output/table.ts'
import { tellOrigin, withSource } from '../../source.ts'
import type { Handler } from '../../command.ts'
import type { StateSource } from '../../library/types.ts'
import type { PeerStatus } from '../../../node/types.ts'

export const handler: Handler<object> = async ({ context, options }) => {
  await withSource(context, options, async (source) => {
    const status = await source.status()
    tellOrigin(context, options, source)
    const text = options.json
      ? jsonLine({ origin: source.origin, ...status })
      : `${renderPairs(pairsOf(status, source.origin))}\n`
    context.stdout.write(text)
  })
  return undefined
}

function pairsOf(status: PeerStatus, origin: StateSource['origin']): [string, string][] {
  const traffic = `${formatBytes(status.bytesIn)} in, ${formatBytes(status.bytesOut)} out`
  const connected = status.members.filter((member) => member.connected && !member.self).length
  const pairs: [string, string | null][] = [
    ['federation', status.name],
    ['id', status.federation],
    ['this peer', status.peerId],
    ['phase', status.phase],
    ['waiting for', status.waitingFor],
    ...branches(status),
    ['round', `${status.round} of ${status.rounds}`],
    ['commit', status.commit ?? 'none yet'],
    ['global model', metrics(status.evaluation)],
    ['on your data', metrics(status.ownEvaluation)],
    ['members', `${status.members.length}, this peer is connected to ${connected}`],
    ['addresses', status.addresses.join(', ') || null],
    ['traffic', origin === 'peer' ? traffic : null],
    ['a round takes', status.roundMs == null ? null : formatDuration(status.roundMs)],
    ['left', status.etaMs == null ? null : formatDuration(status.etaMs)],
    ['trains on', trainer(status)],
    ['engines', engines(status)]
  ]
  return pairs.filter((pair): pair is [string, string] => pair[1] != null)
}

/** Not to be overlooked. */
function branches({ branch, recoveries, forks }: PeerStatus): [string, string][] {
  const own = (branch == null ? [] : [branch]).map(
    ({ admin, height, time, reason }) =>
      `opened without a quorum by ${admin} at height ${height}, ${formatDateTime(time)}: ${reason}`
  )
  const heard = recoveries.map(
    ({ admin, height, reason, commit, refused }) =>
      `by ${admin} at height ${height} (${reason}), commit ${commit}: ${refused ? 'refused' : 'decide with murmur recover'}`
  )
  return [
    ...own.map((text): [string, string] => ['BRANCH', text]),
    ...heard.map((text): [string, string] => ['RECOVERY', text]),
    ...forks.map(({ peerId, height, what }): [string, string] => [
      'FORK',
      `${peerId} has another history since height ${height}: ${what}`
    ])
  ]
}

function metrics(values: PeerStatus['evaluation']): string | null {
  const shown = metricNames(values).map((name) => `${name} ${formatMetric(name, values?.[name])}`)
  return shown.length === 0 ? null : shown.join(', ')
}

function trainer({ trainer: info }: PeerStatus): string | null {
  if (info == null) return null
  return `${plural(info.trainSamples, 'example')}, ${plural(info.parameters, 'parameter')}, ${formatEngine(info)}`
}

/** Which was chosen, and why others that are here were not; what is not installed is for `murmur doctor` to tell. */
function engines({ trainer: info }: PeerStatus): string | null {
  const others = (info?.attempts ?? []).filter(({ reason, isAbsent }) => reason != null && isAbsent !== true)
  if (info == null || others.length === 0) return null
  return [info.backend, ...others.map(({ name, reason }) => `not ${name}: ${reason}`)].join('; ')
}
