/** `murmur ledger`: the commits. */
import { parseInteger } from '../../output/parse.ts'
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { LedgerOptions } from './handler.ts'
import type { PlotOptions } from './plot.ts'

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

const plot: CommandSpec = {
  name: 'plot',
  summary: 'Charts of what was trained, as SVG files.',
  description: `One chart for each metric by round and one by the bytes of the updates, and one of what each member contributed: the
sum of the shares that its updates had in the rounds so far. The metrics in a commit are those of the model before it, on
the contributors' own held-out data.`,
  options: [
    { flags: '--out <dir>', description: "For the files (default: ./<the federation's name>-plots)." },
    { flags: '--force', description: 'Overwrite files that are there.', default: false }
  ],
  examples: [
    ['ledger plot', 'charts of the whole ledger'],
    ['ledger plot --out charts --force', 'into a folder, over those that are there']
  ],
  run: lazy<PlotOptions>(() => import('./plot.ts'))
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
    ['ledger verify', 'check all of it'],
    ['ledger plot', 'see it as charts']
  ],
  commands: [verify, plot],
  run: lazy<LedgerOptions>(() => import('./handler.ts'))
}
