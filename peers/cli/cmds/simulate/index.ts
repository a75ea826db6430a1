/** `murmur simulate`: what a federation would come to. */
import { lazy } from '../../command.ts'
import { simulateOptions } from './options.ts'
import type { CommandSpec } from '../../command.ts'
import type { SimulateOptions } from './options.ts'

export const simulate: CommandSpec = {
  name: 'simulate',
  summary: 'Train hundreds of clients on this machine, by a plan.',
  description: `Clients really train, by the very code of peers: models, codecs, aggregation rules, sampling of cohorts. There is no
network, and nothing is agreed on. A plan (YAML) says what is trained, on which data and how it is divided, by how many
clients, which of them lie and how. Results are the same for the same seed, whatever the number of threads.

Writes a CSV and a JSON file for each run, a summary and charts (SVG). A run that was left goes on where it was when the
same command is given again.`,
  args: [{ name: '<plan>', description: 'A plan, e.g. examples/tables/mcmahan-2nn.yaml.' }],
  options: simulateOptions,
  examples: [
    ['simulate plan.yaml', 'run a plan; results in ./plan-results'],
    ['simulate plan.yaml --seeds 1,2,3 --out results', 'three seeds, into a folder of that name'],
    ['simulate plan.yaml --only krum', 'only variants of its grid that have krum in their name']
  ],
  run: lazy<SimulateOptions>(() => import('./handler.ts'))
}
