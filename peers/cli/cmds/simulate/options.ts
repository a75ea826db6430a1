import { backendNames } from '../../../../src/compute/names.ts'
import { parseInteger } from '../../output/parse.ts'
import type { OptionSpec } from '../../command.ts'
import type { BackendName } from '../../../../src/compute/names.ts'

/** Options of `murmur simulate`. */
export interface SimulateOptions {
  out?: string
  data?: string
  workers?: number
  seeds?: number[]
  rounds?: number
  only?: string
  backend?: BackendName
}

const seed = parseInteger('--seeds', 0, 0xffffffff)

export const simulateOptions: OptionSpec[] = [
  { flags: '--out <dir>', description: "For the results (default: ./<the plan's name>-results)." },
  {
    flags: '--data <dir>',
    description: 'The folder of the data, by the last parts of their paths (default: as the plan says).'
  },
  {
    flags: '--workers <n>',
    description: 'Threads (default: one a core).',
    parse: parseInteger('--workers', 1, 256)
  },
  {
    flags: '--seeds <list>',
    description: "Seeds in place of the plan's, e.g. 1,2,3.",
    parse: (text) => text.split(',').map((part) => seed(part.trim()))
  },
  {
    flags: '--rounds <n>',
    description: "Rounds in place of the plan's.",
    parse: parseInteger('--rounds', 1, 100_000)
  },
  {
    flags: '--backend <name>',
    description: 'What computes (default: wasm; others give other last bits).',
    choices: backendNames
  },
  { flags: '--only <text>', description: "Only variants of the plan's grid with this in their name." }
]
