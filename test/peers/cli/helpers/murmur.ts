/** A person at a terminal (or a script at a pipe) who types `murmur …`: the whole program around a fake library. */
import pc from 'picocolors'
import { runProgram } from '../../../../peers/cli/program.ts'
import { InterruptedError } from '../../../../peers/cli/output/exit.ts'
import { FakeLibrary } from './library.ts'
import { FakeControl } from './peer.ts'
import { FakeOutput, FakeTime } from './terminal.ts'
import { NOW } from './samples.ts'
import type { CommandContext } from '../../../../peers/cli/context.ts'
import type { ExitCode } from '../../../../peers/cli/output/exit.ts'
import type { FakePeer } from './peer.ts'
import type { FakeOutputInit } from './terminal.ts'

/** The person's surroundings. */
export interface MurmurInit {
  stdout?: FakeOutputInit
  stderr?: FakeOutputInit
  env?: Record<string, string>
  cwd?: string
  /** Answers to yes/no questions; null: nobody is there. */
  confirm?: boolean | null
  /** What is typed when a passphrase is asked for. */
  secret?: string | null
  /** Standard input. */
  input?: string
}

/** One terminal. `run` may be called several times; output adds up. */
export class Murmur {
  readonly library: FakeLibrary
  readonly stdout: FakeOutput
  readonly stderr: FakeOutput
  readonly time = new FakeTime(NOW)
  /** Questions that were asked. */
  readonly questions: string[] = []
  readonly context: CommandContext
  readonly #abort = new AbortController()

  private constructor(library: FakeLibrary, init: MurmurInit) {
    this.library = library
    this.stdout = new FakeOutput(init.stdout)
    this.stderr = new FakeOutput(init.stderr)
    this.context = this.#contextOf(init)
  }

  static async at(init: MurmurInit = {}): Promise<Murmur> {
    return new Murmur(await FakeLibrary.create(), init)
  }

  /** Type one command line, words as given. */
  run(...argv: string[]): Promise<ExitCode> {
    return runProgram(argv, this.context)
  }

  /** Ctrl-C, or SIGTERM. */
  interrupt(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): void {
    this.#abort.abort(new InterruptedError(signal))
  }

  #contextOf({
    env = {},
    cwd = '/work/alice',
    confirm = null,
    secret = null,
    input = ''
  }: MurmurInit): CommandContext {
    const ask = <T>(answer: T) => {
      return async (question: string): Promise<T> => {
        this.questions.push(question)
        return answer
      }
    }
    return {
      stdout: this.stdout,
      stderr: this.stderr,
      env: { HOME: '/home/alice', ...env },
      cwd,
      signal: this.#abort.signal,
      colors: pc.createColors(false),
      version: '1.2.3',
      now: () => this.time.nowMs,
      every: (everyMs, tick) => this.time.every(everyMs, tick),
      confirm: ask(confirm),
      askSecret: ask(secret),
      readInput: async () => input,
      self: { command: process.execPath, args: ['murmur.cjs'] },
      library: this.library
    }
  }
}

/** A terminal beside a running peer. */
export async function besidePeer(init: MurmurInit = {}): Promise<{ murmur: Murmur; peer: FakeControl }> {
  const murmur = await Murmur.at(init)
  const peer = new FakeControl()
  murmur.library.control = peer
  return { murmur, peer }
}

/** A terminal in which `murmur start --data demo:1 …` was typed, once its peer runs (or all has ended). */
export async function startedPeer(
  args: string[] = [],
  init: MurmurInit = {}
): Promise<{ murmur: Murmur; peer: FakePeer; ended: Promise<ExitCode> }> {
  const murmur = await Murmur.at(init)
  const { peer } = murmur.library
  const ended = murmur.run('start', '--data', 'demo:1', ...args)
  await Promise.race([peer.called('start'), ended])
  return { murmur, peer, ended }
}
