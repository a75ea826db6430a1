import { formatDateTime, formatMetric, shortId } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderTable, tableColumns } from '../../output/table.ts'
import { tellOrigin, withSource } from '../../source.ts'
import { printable } from '../../output/width.ts'
import type { Handler } from '../../command.ts'
import type { BranchStatus, CommitSummary } from '../../../node/types.ts'

/** Options of `murmur ledger`. */
export interface LedgerOptions {
  from?: number
  limit: number
}

export const handler: Handler<LedgerOptions> = async ({ context, options }) => {
  await withSource(context, options, async (source) => {
    tellOrigin(context, options, source)
    const { height, branch } = await source.status()
    // Without --from, the latest ones.
    const from = options.from ?? Math.max(1, height - options.limit + 1)
    const commits = source.ledger({ from, limit: options.limit })
    if (options.json) for await (const commit of commits) context.stdout.write(jsonLine({ ...commit }))
    else context.stdout.write(`${await table(commits, context.stdout)}${branchLine(branch)}`)
  })
  return undefined
}

/** Also when it is not among the commits shown. */
function branchLine(branch: BranchStatus | null): string {
  if (branch == null) return ''
  const { admin, height, reason } = branch
  return `${printable(`BRANCH: from height ${height} on, opened without a quorum by ${admin}: ${reason}`)}\n`
}

async function table(
  commits: AsyncIterable<CommitSummary>,
  stdout: { isTTY: boolean; columns: number }
): Promise<string> {
  const rows = []
  for await (const commit of commits) rows.push(rowOf(commit))
  if (rows.length === 0) return 'No commits yet: training starts when enough members are here.\n'
  const head = ['height', 'round', 'time', 'updates', 'accuracy', 'loss', 'members', 'changes', 'commit']
  return `${renderTable({ head, rows, right: [0, 1, 3, 4, 5, 6], columns: tableColumns(stdout) })}\n`
}

function rowOf(commit: CommitSummary): string[] {
  const counted = commit.contributions.filter((part) => part.refused == null).length
  const refused = commit.contributions.length - counted
  return [
    String(commit.height),
    String(commit.round),
    formatDateTime(commit.time),
    refused > 0 ? `${counted} (−${refused})` : String(counted),
    formatMetric('accuracy', commit.evaluation['accuracy']),
    formatMetric('loss', commit.evaluation['loss']),
    String(commit.roster.length),
    changes(commit),
    shortId(commit.cid, 12)
  ]
}

/** Joined, revoked, proven to have voted twice. */
function changes({ admitted, revoked, evidence, recovery }: CommitSummary): string {
  if (recovery != null) return `BRANCH by ${shortId(recovery.admin, 6)}`
  const joined = admitted.map((id) => `+${shortId(id, 6)}`)
  const gone = revoked.map((id) => `−${shortId(id, 6)}`)
  const banned = evidence.map(({ offender, untilHeight }) => `!${shortId(offender, 6)} until ${untilHeight}`)
  return [...joined, ...gone, ...banned].join(' ')
}
