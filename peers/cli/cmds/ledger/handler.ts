import { formatDateTime, formatMetric, shortId } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderTable, tableColumns } from '../../output/table.ts'
import { tellOrigin, withSource } from '../../source.ts'
import type { Handler } from '../../command.ts'
import type { StateSource } from '../../library/types.ts'
import type { CommitSummary } from '../../../node/types.ts'

/** Options of `murmur ledger`. */
export interface LedgerOptions {
  from?: number
  limit: number
}

export const handler: Handler<LedgerOptions> = async ({ context, options }) => {
  await withSource(context, options, async (source) => {
    tellOrigin(context, options, source)
    const commits = source.ledger({ from: await firstHeight(source, options), limit: options.limit })
    if (options.json) for await (const commit of commits) context.stdout.write(jsonLine({ ...commit }))
    else context.stdout.write(await table(commits, context.stdout))
  })
  return undefined
}

/** Without --from, the latest `limit`. */
async function firstHeight(source: StateSource, { from, limit }: LedgerOptions): Promise<number> {
  if (from != null) return from
  const { height } = await source.status()
  return Math.max(1, height - limit + 1)
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
function changes({ admitted, revoked, evidence }: CommitSummary): string {
  const joined = admitted.map((id) => `+${shortId(id, 6)}`)
  const gone = revoked.map((id) => `−${shortId(id, 6)}`)
  const banned = evidence.map(({ offender, untilHeight }) => `!${shortId(offender, 6)} until ${untilHeight}`)
  return [...joined, ...gone, ...banned].join(' ')
}
