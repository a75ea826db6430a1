/** `murmur recover`: go on without a quorum, visibly, or follow or refuse what another admin did. */
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { RecoverFlags } from './options.ts'

export const recover: CommandSpec = {
  name: 'recover',
  summary: 'When a majority is gone for good: go on without it, or follow an admin who did.',
  description: `An admin whom the manifest names signs who remains; that record becomes the next commit in place of votes, and
status, ledger and ledger verify show it as a branch for ever. Do it only when the others will not come back: whoever has a
later commit keeps it, and the two histories never join again.

Other members hear of it when they connect, or from the file. A member that counted before the branch neither votes nor
follows until its operator says --follow or --refuse; one that followed asks to be let in again by itself.

The peer must be running (murmur start).`,
  options: [
    { flags: '--reason <text>', description: 'Why; shown to everybody, for ever.' },
    {
      flags: '--member <peer>',
      description: 'Who remains, beside this peer; repeatable. Default: the members that are connected.',
      repeatable: true
    },
    { flags: '--out <file>', description: 'Also write the signed record to a file, to pass on.' },
    { flags: '--follow', description: 'Follow a recovery that this peer has heard of.', default: false },
    { flags: '--refuse', description: 'Do not follow it, and vote on.', default: false },
    { flags: '--commit <cid>', description: 'Which one, when there are several (murmur status).' },
    { flags: '--file <file>', description: 'With --follow: the record that --out wrote.' },
    { flags: '--yes', description: 'Do not ask.', default: false }
  ],
  examples: [
    ['recover --reason "fire in the lab"', 'as an admin: this peer and those connected go on'],
    ['recover --follow', 'as another member: go on with them'],
    ['recover --refuse', 'stay with what this peer has']
  ],
  run: lazy<RecoverFlags>(() => import('./handler.ts'))
}
