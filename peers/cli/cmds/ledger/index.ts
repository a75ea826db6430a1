/** `murmur ledger`: the commits. */
import { parseInteger } from '../../output/parse.ts'
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { LedgerOptions } from './handler.ts'

export const ledger: CommandSpec = {
  name: 'ledger',
  summary: 'The commits: who contributed what, and how good the model was.',
  description: `The ledger is the audit log: each commit names the updates that count, those refused and why, who joined, who
left, who was proven to have voted twice (!, and the height before which it may not return), and the model that
resulted. The accuracy in a commit is that of the model before it.`,
  options: [
    { flags: '--from <height>', description: 'First height.', parse: parseInteger('--from', 0) },
    {
      flags: '--limit <n>',
      description: 'At most this many (without --from: the latest).',
      default: 20,
      parse: parseInteger('--limit', 1, 1_000_000)
    }
  ],
  examples: [
    ['ledger', 'the latest 20'],
    ['ledger --from 1 --limit 1000 --json', 'from the start, one JSON object per commit']
  ],
  run: lazy<LedgerOptions>(() => import('./handler.ts'))
}
