/** `murmur predict`: ask the committed model. */
import { parseInteger } from '../../output/parse.ts'
import { personalOption } from '../../source.ts'
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { PredictOptions } from './handler.ts'

export const predict: CommandSpec = {
  name: 'predict',
  summary: 'What the latest committed model says of new examples.',
  description: `The input is read as the manifest says: a PNG or JPEG image or a directory of them, a CSV file (the target column
may be absent), a JSON Lines file, or an IDX file with --index.`,
  options: [
    { flags: '--input <file>', description: 'File or directory with examples.' },
    {
      flags: '--index <n>',
      description: 'Only this example, counted from 0.',
      parse: parseInteger('--index', 0)
    },
    {
      flags: '--top <n>',
      description: 'How many classes to show.',
      default: 3,
      parse: parseInteger('--top', 1, 1000)
    },
    personalOption
  ],
  examples: [
    ['predict --input seven.png', 'one image'],
    ['predict --input patients.csv --json', 'one JSON object per row'],
    ['predict --input t10k-images-idx3-ubyte.gz --index 17', 'one image of a MNIST-like file']
  ],
  run: lazy<PredictOptions>(() => import('./handler.ts'))
}
