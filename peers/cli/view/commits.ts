/** The latest commits in the live view. */
import { formatDuration, formatMetric, formatTime, plural, shortId } from '../output/format.ts'
import { joinFitting } from './widgets.ts'
import type { ViewState } from './state.ts'
import type { FrameOptions } from './render.ts'

type ShownCommit = ViewState['commits'][number]

/** One line of text per commit, as the plain output and the view both show it. */
export function commitParts(commit: ShownCommit): string[] {
  const changes = [
    ...(commit.admitted.length > 0 ? [`${commit.admitted.length} joined`] : []),
    ...(commit.revoked.length > 0 ? [`${commit.revoked.length} revoked`] : []),
    ...(commit.evidence.length > 0 ? [`${commit.evidence.length} banned`] : [])
  ]
  const ending = [...changes, `commit ${shortId(commit.cid)}`]
  // Between rounds a commit is about members only, and its metrics are those of the commit before.
  return commit.contributions.length === 0 && changes.length > 0 ? ending : [...roundParts(commit), ...ending]
}

function roundParts(commit: ShownCommit): string[] {
  const counted = commit.contributions.filter((part) => part.refused == null).length
  const refused = commit.contributions.length - counted
  const { accuracy, loss } = commit.evaluation
  return [
    `round ${commit.round}`,
    ...(accuracy == null ? [] : [`accuracy ${formatMetric('accuracy', accuracy)}`]),
    ...(loss == null ? [] : [`loss ${formatMetric('loss', loss)}`]),
    `${plural(counted, 'update')}${refused > 0 ? ` (${refused} refused)` : ''}`,
    ...(commit.lackedRoot == null
      ? []
      : [`none by ${shortId(commit.lackedRoot)}, who is trusted: nothing learnt`]),
    formatDuration(commit.roundMs)
  ]
}

/** A heading and the newest commits first, as many as there is room for; nothing without room or commits. */
export function commitLines(
  commits: readonly ShownCommit[],
  options: FrameOptions & { room: number }
): string[] {
  const shown = commits.slice(0, Math.max(0, options.room - 2))
  if (shown.length === 0) return []
  const line = (commit: ShownCommit): string =>
    joinFitting([formatTime(commit.time), ...commitParts(commit)], options.columns, '  ')
  return ['', options.colors.dim('latest commits'), ...shown.map(line)]
}
