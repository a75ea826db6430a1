/** `murmur invite`: make an invite. */
import { lazy } from '../../command.ts'
import { inviteOptions } from './options.ts'
import type { CommandSpec } from '../../command.ts'
import type { InviteFlags } from './options.ts'

export const invite: CommandSpec = {
  name: 'invite',
  summary: 'Make an invite for somebody else: text and a QR code.',
  description: `Whoever holds the invite can become a member: send it as you would send a password.
The running peer makes it and names its own addresses. When no peer runs, give --address; the invite is only good once
a peer answers there.`,
  options: inviteOptions,
  examples: [
    ['invite', 'for one person, good for a week'],
    ['invite --uses 10 --expires 1d', 'for ten, good for a day'],
    ['invite --address /ip4/203.0.113.7/tcp/4001', 'reachable at this address'],
    ['invite | ssh other murmur join - --data ./data --yes', 'straight to another machine']
  ],
  run: lazy<InviteFlags>(() => import('./handler.ts'))
}
