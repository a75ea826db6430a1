/** `murmur ledger`: the commits. */
import { parseInteger } from '../../output/parse.ts'
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { LedgerOptions } from './handler.ts'

const verify: CommandSpec = {
  name: 'verify',
  summary: 'Check the whole ledger again, offline: hashes, votes, membership, aggregates, the model.',
  description: `Trusts nothing but the manifest. Every commit must have the votes of a quorum of the roster before it (or be an
admin's recovery, which is shown as a branch), every change of membership a chain of signatures; contributions, shares and
rosters are worked out again, and so are aggregates where all that they were made from is still here.

No peer may run in the directory: stop it first. Nothing is changed. The exit code is 1 when something does not hold.`,
  examples: [
    ['ledger verify', 'before relying on a model'],
    ['ledger verify --json', 'the report as one JSON object']
  ],
  run: lazy(() => import('./verify.ts'))
}

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
    ['ledger --from 1 --limit 1000 --json', 'from the start, one JSON object per commit'],
    ['ledger verify', 'check all of it']
  ],
  commands: [verify],
  run: lazy<LedgerOptions>(() => import('./handler.ts'))
}
