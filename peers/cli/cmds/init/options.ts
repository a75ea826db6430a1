import { codecNames, entropyCodecNames } from '../../../../src/federation/manifest/exchange.ts'
// The whole manifest is loaded by the commands that read one.
import { templateKinds } from '../../../../src/federation/manifest/templates.ts'
import { parseInteger, parseLayers, parseNumber } from '../../output/parse.ts'
import type { OptionSpec } from '../../command.ts'
import type { TemplateKind } from '../../../../src/federation/manifest/templates.ts'

/** Options of `murmur init`. */
export interface InitOptions {
  template?: TemplateKind
  from?: string
  rounds?: number
  members?: number
  hidden?: number[]
  codec?: string
  /** MB/s. */
  link?: number
  yes: boolean
}

export const initOptions: OptionSpec[] = [
  { flags: '--template <kind>', description: 'Kind of data (default: digits).', choices: templateKinds },
  { flags: '--from <file.yaml>', description: 'Found what this file says.' },
  { flags: '--rounds <n>', description: 'Training rounds.', parse: parseInteger('--rounds', 1, 1_000_000) },
  {
    flags: '--members <n>',
    description: 'Training starts when this many members are here.',
    parse: parseInteger('--members', 1, 10_000)
  },
  { flags: '--hidden <units>', description: 'Hidden layers of an mlp, e.g. 200,200.', parse: parseLayers },
  {
    flags: '--codec <name>',
    description: 'How updates travel; auto: as finely as links carry (see --link).',
    choices: ['auto', ...codecNames, ...entropyCodecNames]
  },
  {
    flags: '--link <MB/s>',
    description: "With --codec auto: one codec for all, by the slowest member's link.",
    parse: parseNumber('--link', 0.001, 100_000)
  },
  { flags: '--yes', description: 'Found a template as it is, without editing.', default: false }
]
