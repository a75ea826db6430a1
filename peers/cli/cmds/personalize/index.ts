/** `murmur personalize`: a model of one's own. */
import { parseInteger, parseNumber } from '../../output/parse.ts'
import { backendOption, dataOptions, threadsOption } from '../../run/options.ts'
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { PersonalizeOptions } from './handler.ts'

export const personalize: CommandSpec = {
  name: 'personalize',
  summary: "Train the federation's model further on your data alone; it never leaves this machine.",
  description: `Takes the latest committed model and trains its last layer, or all of it, on your data. What is best on held-out data is
kept as personal.safetensors in the home directory, beside the federation's model, which stays as it is: nobody is sent it.
predict, evaluate and model export use it with --personal.`,
  options: [
    ...dataOptions,
    {
      flags: '--layers <which>',
      description: 'What is trained: the head (the last layer), or all.',
      choices: ['head', 'all'],
      default: 'head'
    },
    {
      flags: '--epochs <n>',
      description: 'At most so many passes over the data.',
      default: 10,
      parse: parseInteger('--epochs', 1, 1000)
    },
    {
      flags: '--learning-rate <rate>',
      description: "In place of the manifest's.",
      parse: parseNumber('--learning-rate', 1e-9, 1000)
    },
    backendOption,
    threadsOption
  ],
  examples: [
    ['personalize', "on the data of this peer's last start"],
    ['personalize --layers all --epochs 3 --learning-rate 0.005', 'the whole model, gently']
  ],
  run: lazy<PersonalizeOptions>(() => import('./handler.ts'))
}
