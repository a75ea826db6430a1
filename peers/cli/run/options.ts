/** The options of `start`, which `join` takes too: data, addresses, when to end. */
import { resolve } from 'node:path'
import {
  parseAddress,
  parseCondition,
  parseDuration,
  parseHostPort,
  parseInteger,
  parsePart
} from '../output/parse.ts'
import { UsageError } from '../output/exit.ts'
import { backendNames, MAX_THREADS } from '../../../src/compute/names.ts'
import type { BackendName } from '../../../src/compute/names.ts'
import type { OptionSpec } from '../command.ts'
import type { DataOptions } from '../../node/types.ts'

/** As commander hands them over, after the parsers below. */
export interface RunOptions {
  data?: string
  testData?: string
  part?: { index: number; count: number }
  where?: [string, string][]
  resize: boolean
  listen?: string[]
  bootstrap?: string[]
  mdns: boolean
  train: boolean
  metrics?: { host: string; port: number }
  untilRound?: number
  exitWhenFinished: boolean
  linger: number
  backend?: BackendName
  threads?: number
}

/** How long a finished peer stays, so that a slower one can still fetch the last commit from it. */
const LINGER = '5s'

export const dataOptions: OptionSpec[] = [
  {
    flags: '--data <path>',
    description: 'Your data: a directory, a file, or demo:<n> for generated digits.'
  },
  {
    flags: '--test-data <path>',
    description: 'Data to measure on; without it a share of --data is kept aside.'
  },
  { flags: '--part <i/n>', description: 'Use only part i of n of the data, e.g. 1/4.', parse: parsePart },
  {
    flags: '--where <column=value>',
    description: 'Use only rows with this value (CSV); may be given several times.',
    parse: parseCondition,
    repeatable: true
  },
  { flags: '--resize', description: "Bring pictures of another size to the manifest's.", default: false }
]

/** `start`, `join`, `personalize` and `demo` have it. */
export const backendOption: OptionSpec = {
  flags: '--backend <name>',
  description: 'Compute engine, and no other (default: the fastest; see doctor).',
  parse: parseBackend
}

/** Those that have `--backend` have it too. */
export const threadsOption: OptionSpec = {
  flags: '--threads <n>',
  description: 'Threads that train (default: 1, peers may share a machine).',
  parse: parseInteger('--threads', 1, MAX_THREADS)
}

export const runOptions: OptionSpec[] = [
  ...dataOptions,
  {
    flags: '--listen <address>',
    description: 'Multiaddr to listen on (default: /ip4/0.0.0.0/tcp/0); may be given several times.',
    parse: parseAddress,
    repeatable: true
  },
  {
    flags: '--bootstrap <address>',
    description: 'Multiaddr of a member to dial first; may be given several times.',
    parse: parseAddress,
    repeatable: true
  },
  { flags: '--no-mdns', description: 'Do not look for members on the local network.' },
  { flags: '--no-train', description: 'Take part in agreement and hold the model, but never train.' },
  {
    flags: '--metrics <host:port>',
    description: 'Serve Prometheus metrics at http://host:port/metrics.',
    parse: parseHostPort
  },
  {
    flags: '--until-round <n>',
    description: 'End after this round.',
    parse: parseInteger('--until-round', 1)
  },
  { flags: '--exit-when-finished', description: "End after the federation's last round.", default: false },
  {
    flags: '--linger <duration>',
    description: `With the two above: how long to stay for slower members (default: ${LINGER}).`,
    default: parseDuration(LINGER),
    parse: (text) => (/^0(ms|s)?$/.test(text.trim()) ? 0 : parseDuration(text)),
    hidden: true
  },
  backendOption,
  threadsOption
]

function parseBackend(text: string): BackendName {
  const known = backendNames.find((name) => name === text)
  if (known != null) return known
  throw new UsageError(`--backend: "${text}" was given, one of ${backendNames.join(', ')} is expected.`)
}

/** The options that name data: `start`, `join` and `evaluate` have them. */
export type DataFlags = Pick<RunOptions, 'data' | 'testData' | 'part' | 'where' | 'resize'>

/** The data options as the library takes them, paths made absolute; undefined when none was given. */
export function dataOf(options: DataFlags, cwd: string): DataOptions | undefined {
  const { data, testData, part, where, resize } = options
  if (data == null) {
    if (testData != null || part != null || where != null || resize) {
      throw new UsageError(
        '--test-data, --part, --where and --resize belong to --data: say --data <path> as well.'
      )
    }
    return undefined
  }
  return {
    path: absolute(data, cwd),
    ...(testData == null ? {} : { testPath: absolute(testData, cwd) }),
    ...(part == null ? {} : { part }),
    ...(where == null ? {} : { where: conditions(where) }),
    ...(resize ? { resize } : {})
  }
}

function conditions(where: [string, string][]): Record<string, string> {
  const columns = where.map(([column]) => column)
  const twice = columns.find((column, i) => columns.indexOf(column) !== i)
  if (twice == null) return Object.fromEntries(where)
  throw new UsageError(`--where: the column "${twice}" was given twice; a row has only one value there.`)
}

/** `demo:<seed>` is no path. */
function absolute(path: string, cwd: string): string {
  return /^demo:/.test(path) ? path : resolve(cwd, path)
}
