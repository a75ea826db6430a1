/** `murmur revoke`: take back an invite or a membership. */
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'

export const revoke: CommandSpec = {
  name: 'revoke',
  summary: 'Take back an invite, or end a membership.',
  description: `Admins only. Takes effect with the next commit: the invite admits nobody any more, or the member counts no
longer and is refused at its next connection. What a member has already received it keeps.`,
  args: [
    {
      name: '<invite-or-peer>',
      description: 'An invite (murmur:…), an invite id (bafy…) or a peer id (12D3Koo…).'
    }
  ],
  examples: [
    ['revoke murmur:o2Zpbn…', 'an invite that went to the wrong person'],
    ['revoke 12D3KooWF3xQ…', 'a member (ids: murmur peers)']
  ],
  run: lazy(() => import('./handler.ts'))
}
