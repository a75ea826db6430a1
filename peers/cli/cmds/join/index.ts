/** `murmur join`: become a member, then run. */
import { lazy } from '../../command.ts'
import { joinOptions } from './options.ts'
import type { CommandSpec } from '../../command.ts'
import type { JoinOptions } from './options.ts'

export const join: CommandSpec = {
  name: 'join',
  summary: 'Join a federation by invite, then run like start.',
  description: `Fetches the manifest from the inviting side, shows in plain words what would be trained, checks your data
against it, and asks before anything is trained. Your data stays on this machine.
Set MURMUR_PASSPHRASE to encrypt the new key.`,
  args: [
    { name: '<invite>', description: 'The invite (murmur:…), or - to read it from the standard input.' }
  ],
  options: joinOptions,
  examples: [
    ['join murmur:o2Zpbn… --data ./digits', 'show the manifest, ask, train'],
    ['join murmur:o2Zpbn… --data demo:2 --yes', 'for scripts: do not ask']
  ],
  run: lazy<JoinOptions>(() => import('./handler.ts'))
}
