/** `murmur stop`: tell the running peer to leave. */
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'

export const stop: CommandSpec = {
  name: 'stop',
  summary: 'Tell the running peer to leave cleanly.',
  examples: [['stop --home ./alice', 'stop the peer that runs in ./alice']],
  run: lazy(() => import('./handler.ts'))
}
