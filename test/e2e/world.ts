/** A machine of its own for each test: empty homes, real `murmur` processes, and nothing left when it is over. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { seededRandom, uniform } from '../../src/random.ts'
import { MurmurProcess } from './process.ts'
import type { ManifestDraft } from '../../src/federation/manifest/index.ts'

/** The command, as the package installs it. */
export const MURMUR = join(import.meta.dirname, '../../peers/cli/murmur.cjs')
/** Sources without their types, compiled: a tenth of what a start takes, and all processes start the same ones. */
const COMPILED = join(tmpdir(), 'murmuration-compiled')
const LOOPBACK = '/ip4/127.0.0.1/tcp/0'
/** Loopback only, and nobody looked for on the network. */
export const LOCAL = ['--listen', LOOPBACK, '--no-mdns']

/** Where the peers of a world are: all on this machine's loopback, unless there is a network made for them. */
export interface Place {
  /** What to put before a command to run it where this peer is. */
  command(name: string): readonly string[]
  /** The address that this peer listens on. */
  listen(name: string): string
}

const here: Place = { command: () => [], listen: () => LOOPBACK }

/** A command that has ended. */
export interface Result {
  code: number | null
  stdout: string
  stderr: string
  /** stdout, where it is JSON lines. */
  json: Record<string, unknown>[]
}

export interface RunOptions {
  env?: Record<string, string>
  /** Written to the standard input, which is no terminal. */
  input?: string
  /** Instead of the Node.js that runs the tests. */
  node?: string
  /** Put before the command. */
  within?: readonly string[]
}

/** What the manifest of `founded` may differ in. */
export interface TinyOptions {
  rounds?: number
  members?: number
  /** Passes over the data in a round: how long it takes. */
  epochs?: number
  /** Rows a step, of the 160 that a peer trains on. */
  batchSize?: number
  /** What else the manifest says, section by section. */
  also?: Partial<ManifestDraft>
}

export class World {
  readonly dir: string
  readonly #place: Place
  readonly #processes: MurmurProcess[] = []

  private constructor(dir: string, place: Place) {
    this.dir = dir
    this.#place = place
  }

  static async open(place: Place = here): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'murmur-e2e-')), place)
  }

  /** End what still runs, and remove all files. */
  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill('SIGKILL')))
    await rm(this.dir, { recursive: true, force: true })
  }

  path(name: string): string {
    return join(this.dir, name)
  }

  async write(name: string, content: string): Promise<string> {
    await writeFile(this.path(name), content)
    return this.path(name)
  }

  /** Run a command to its end. */
  async murmur(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const { env = {}, input = '', node = process.execPath, within = [] } = options
    const [file, ...rest] = [...within, node, MURMUR, ...args]
    const child = spawn(file, rest, { env: this.#env(env), cwd: this.dir })
    child.stdin.end(input)
    const code = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    return { code: await code, stdout, stderr, json: jsonLines(stdout) }
  }

  /** As `murmur`, with --json, in the home of `name` and where it is: what it prints. Fails unless the exit code is 0. */
  async askAll(name: string, args: readonly string[]): Promise<Record<string, unknown>[]> {
    const all = [...args, '--home', this.path(name), '--json']
    const { code, stdout, stderr, json } = await this.murmur(all, { within: this.#place.command(name) })
    if (code !== 0) throw new Error(`murmur ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
    return json
  }

  /** The same, where one object is printed. */
  async ask(name: string, args: readonly string[]): Promise<Record<string, unknown>> {
    return (await this.askAll(name, args))[0]
  }

  /** Options with which the peer of this name listens where it is, and looks for nobody. */
  local(name: string): string[] {
    return ['--listen', this.#place.listen(name), '--no-mdns']
  }

  /** Start a peer that runs on. */
  start(name: string, args: readonly string[], env: Record<string, string> = {}): MurmurProcess {
    const murmur = [process.execPath, MURMUR, ...args, '--home', this.path(name), '--json']
    const command = [...this.#place.command(name), ...murmur]
    const started = new MurmurProcess(name, command, this.#env(env))
    this.#processes.push(started)
    return started
  }

  /** Start a script of the tests that speaks as `murmur --json` does. */
  script(name: string, file: string, args: readonly string[]): MurmurProcess {
    const started = new MurmurProcess(name, [process.execPath, file, ...args], this.#env({}))
    this.#processes.push(started)
    return started
  }

  /** Found a federation on small tables in the home of `name`; returns the file to train on. */
  async found(name: string, options: TinyOptions = {}): Promise<string> {
    const yaml = await this.write('tiny.yaml', JSON.stringify(tinyManifest(options)))
    await this.ask(name, ['init', 'tiny', '--from', yaml])
    return await this.write('tiny.csv', tinyTable(1))
  }

  /** Start the founder, invite the others, let them join: all run. */
  async federation(names: readonly string[], options: TinyOptions = {}): Promise<MurmurProcess[]> {
    const data = await this.found(names[0], { members: names.length, ...options })
    const founder = this.start(names[0], ['start', '--data', data, ...this.local(names[0])])
    await founder.event('listen')
    const invite = await this.invite(names[0], ['--uses', String(names.length)])
    const join = (name: string): MurmurProcess =>
      this.start(name, ['join', invite, '--yes', '--data', data, ...this.local(name)])
    return [founder, ...names.slice(1).map(join)]
  }

  /** An invite made in the home of `name`. */
  async invite(name: string, args: readonly string[] = []): Promise<string> {
    return String((await this.ask(name, ['invite', ...args]))['invite'])
  }

  /** For a failed test: what each process said. */
  report(): string {
    return this.#processes.map((process) => process.report()).join('\n')
  }

  /** Nothing of the person who runs the tests. */
  #env(env: Record<string, string>): NodeJS.ProcessEnv {
    const { PATH } = process.env
    return { PATH, HOME: this.dir, LANG: 'C.UTF-8', NODE_COMPILE_CACHE: COMPILED, ...env }
  }
}

/** Two numbers and a class, quick to train on. */
export function tinyManifest({
  rounds = 1000,
  members = 2,
  epochs = 1,
  batchSize = 16,
  also = {}
}: TinyOptions = {}): ManifestDraft {
  return {
    name: 'tiny',
    task: {
      kind: 'classification',
      input: {
        kind: 'tabular',
        columns: [
          { name: 'x', type: 'number', mean: 0.5, std: 0.3 },
          { name: 'y', type: 'number', mean: 0.5, std: 0.3 }
        ],
        target: 'above'
      },
      labels: ['no', 'yes'],
      metrics: ['accuracy']
    },
    model: { architecture: { preset: 'mlp', hidden: [4] } },
    training: {
      loss: 'binaryCrossentropy',
      learningRate: 0.1,
      batchSize,
      work: { epochs },
      holdout: 0.2
    },
    rounds: {
      startMembers: members,
      minContributors: Math.min(2, members),
      deadline: { floorMs: 2_000, ceilingMs: 60_000, factor: 6 },
      stop: { rounds }
    },
    ...also
  }
}

/** For `TinyOptions`: a round of a fifth of a second or more, so that something can befall a peer in it. */
export const LONG_ROUNDS = { epochs: 200, batchSize: 1 }

/** 200 points, and whether they are above the diagonal. */
export function tinyTable(seed: number): string {
  const random = seededRandom(seed)
  const rows = Array.from({ length: 200 }, () => {
    const [x, y] = [uniform(random), uniform(random)]
    return `${x.toFixed(3)},${y.toFixed(3)},${y > x ? 'yes' : 'no'}`
  })
  return `x,y,above\n${rows.join('\n')}\n`
}

function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
