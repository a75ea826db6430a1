/** `murmur demo`: a whole federation on this machine. */
import { parseInteger } from '../../output/parse.ts'
import { lazy } from '../../command.ts'
import { backendOption, threadsOption } from '../../run/options.ts'
import type { CommandSpec } from '../../command.ts'
import type { DemoOptions } from './options.ts'

export const demo: CommandSpec = {
  name: 'demo',
  summary: 'Four peers on this machine train together; takes about a minute.',
  description: `Founds a federation in a temporary directory, starts real peer processes, invites them, trains, and compares
the federation with what each peer reaches alone on its own data.`,
  options: [
    { flags: '--data <dir>', description: 'Real data, split evenly; default: generated digits.' },
    { flags: '--rounds <n>', description: 'Rounds.', default: 10, parse: parseInteger('--rounds', 1, 1000) },
    { flags: '--peers <n>', description: 'Peers.', default: 4, parse: parseInteger('--peers', 2, 16) },
    { flags: '--keep', description: 'Keep the directory with the state of all peers.', default: false },
    backendOption,
    threadsOption
  ],
  examples: [
    ['demo', 'generated digits, each peer its own writers'],
    ['demo --data ../shared/data/fashion-mnist', 'real images, a quarter each'],
    ['demo --rounds 3 --peers 2', 'a short one']
  ],
  run: lazy<DemoOptions>(() => import('./handler.ts'))
}
