/** The `murmur` process: its streams, signals and exit code around one command line. */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import pc from 'picocolors'
import { keepAlive } from '../node/keep-alive.ts'
import { nodeLibrary } from './library/index.ts'
import { exitCodes } from './output/exit.ts'
import { renderError } from './output/errors.ts'
import { runProgram } from './program.ts'
import { leaveSignal } from './signals.ts'
import { flushed, outputOf, person } from './terminal.ts'
import type { CommandContext } from './context.ts'

/**
 * V8 begins a full collection for every 64 MB of buffers that come and go, and a peer moves many times as much in a round.
 * A peer's heap is small, so marking it takes some 20 ms at once; marked by threads of its own, while new buffers that
 * live on because of that bring on the next collection, it took a third of all processor time (bench:federation --big).
 */
setFlagsFromString('--no-concurrent-marking')

function contextOf(argv: readonly string[]): CommandContext {
  const { env } = process
  const signal = leaveSignal(env)
  const stdout = outputOf(process.stdout)
  return {
    stdout,
    stderr: outputOf(process.stderr),
    env,
    cwd: process.cwd(),
    signal,
    colors: pc.createColors(pc.isColorSupported && stdout.isTTY),
    version: packageVersion(),
    now: () => Date.now(),
    every(everyMs, tick) {
      const timer = setInterval(tick, everyMs).unref()
      return () => clearInterval(timer)
    },
    ...person(signal),
    self: { command: process.execPath, args: [...process.execArgv, argv[1] ?? ''] },
    library: nodeLibrary
  }
}

/** package.json is at the root of the checkout, or of the installed package. */
function packageVersion(): string {
  const up = import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json'
  const { version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string }
  return version
}

/** Something that no command waits for failed: it is a bug, and going on would hide it. */
function crash(error: unknown): void {
  process.stderr.write(renderError(error, { verbose: true }))
  process.exit(exitCodes.failure)
}

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)

const code = await keepAlive(runProgram(process.argv.slice(2), contextOf(process.argv)))
// What is left by then are timers of libraries: the person need not wait for them, only for what was printed.
await Promise.all([process.stdout, process.stderr].map(flushed))
process.exit(code)
