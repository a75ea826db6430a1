/** `murmur peers`: the members. */
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'

export const peers: CommandSpec = {
  name: 'peers',
  summary: 'The members: role, state, latency, addresses; who is banned, until when and why.',
  description: 'Asks the running peer; reads the files of the home directory when none runs.',
  examples: [
    ['peers', 'as a table'],
    ['peers --json', 'one JSON object per member']
  ],
  run: lazy(() => import('./handler.ts'))
}
