/** `murmur evaluate`: measure the committed model. */
import { dataOptions } from '../../run/options.ts'
import { personalOption } from '../../source.ts'
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { EvaluateOptions } from './handler.ts'

export const evaluate: CommandSpec = {
  name: 'evaluate',
  summary: 'How good the latest committed model is on your data.',
  description: `Measures on the test part of the data (its own test files, --test-data, or the share that the manifest keeps
aside), and shows which classes are taken for which.`,
  options: [...dataOptions, personalOption],
  examples: [
    ['evaluate --data ./fashion-mnist', 'on the test images in that directory'],
    ['evaluate --personal', 'the same of your own model'],
    ['evaluate --json', "on the data of this peer's last start"]
  ],
  run: lazy<EvaluateOptions>(() => import('./handler.ts'))
}
