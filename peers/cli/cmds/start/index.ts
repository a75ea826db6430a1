/** `murmur start`: run the peer of a home directory. */
import { lazy } from '../../command.ts'
import { runOptions } from '../../run/options.ts'
import type { CommandSpec } from '../../command.ts'
import type { RunOptions } from '../../run/options.ts'

export const start: CommandSpec = {
  name: 'start',
  summary: 'Run this peer: connect, train, agree.',
  description: `Shows a live view in a terminal, plain lines elsewhere, one JSON object per event with --json
(the names and fields are those of the library's PeerEvents, with "event" and "time").
The first Ctrl-C leaves cleanly and at once; a second one ends the process. Start again to go on.
Options that are left out are those of the last start.`,
  options: runOptions,
  examples: [
    ['start --data demo:1', 'train on generated digits'],
    ['start --data ./mnist --part 1/4', 'train on a quarter of a data set'],
    ['start --data heart.csv --where hospital=cleveland', "train on one hospital's rows"],
    ['start --metrics 127.0.0.1:9464', 'with Prometheus metrics'],
    ['start --exit-when-finished --json', 'for scripts']
  ],
  run: lazy<RunOptions>(() => import('./handler.ts'))
}
