/** `murmur status`: where this peer is. */
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'

export const status: CommandSpec = {
  name: 'status',
  summary: 'Where this peer is: round, phase, accuracy, members.',
  description: 'Asks the running peer; reads the files of the home directory when none runs.',
  examples: [
    ['status', 'for people'],
    ['status --json', 'everything, as one JSON object']
  ],
  run: lazy(() => import('./handler.ts'))
}
