/** One peer process of the demo: this same command line with `--json`, its events, its end. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { UserError } from '../../output/exit.ts'
import type { CommandContext } from '../../context.ts'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** A line that the child printed: `{event, time, …}`. */
export interface ChildEvent {
  event: string
  time: number
  [field: string]: unknown
}

export interface ChildInit {
  self: CommandContext['self']
  /** For messages, e.g. 'peer 2'. */
  name: string
  args: string[]
  env: Readonly<Record<string, string | undefined>>
  onEvent(event: ChildEvent): void
}

/** Lines of output kept to explain a failure. */
const KEPT_LINES = 12
/** A peer that was asked to leave and has not after this long is killed, ms. */
const LEAVE_MS = 4_000

/** A running child. */
export interface Child {
  readonly name: string
  readonly pid: number | undefined
  /** Resolves with the first event of this name, also one that came before. Rejects when the child ends without it. */
  waitFor(event: string): Promise<ChildEvent>
  /** Rejects when the child ends before `stop` was called; never resolves. */
  readonly failed: Promise<never>
  /** Ask it to leave, kill it if it does not; resolves when it is gone. */
  stop(): Promise<void>
}

/** Start a child. It leaves by itself when this process dies, since its stdin closes then. */
export function startChild(init: ChildInit): Child {
  const child = spawn(init.self.command, [...init.self.args, ...init.args, '--json'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...init.env, MURMUR_LEAVE_WITH_STDIN: '1' }
  })
  const lines: string[] = []
  const seen = new Map<string, ChildEvent>()
  const waiting = new Map<string, (event: ChildEvent) => void>()
  let stopping = false
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const failed = failure(child, () => (stopping ? null : lines), init.name)
  collect(child, lines, (event) => {
    if (!seen.has(event.event)) seen.set(event.event, event)
    waiting.get(event.event)?.(event)
    init.onEvent(event)
  })
  const waitFor = (event: string): Promise<ChildEvent> => {
    const known = seen.get(event)
    if (known != null) return Promise.resolve(known)
    const told = new Promise<ChildEvent>((resolve) => waiting.set(event, resolve))
    return Promise.race([told, failed])
  }
  const stop = (): Promise<void> => {
    stopping = true
    return leave(child, exited)
  }
  return { name: init.name, pid: child.pid, waitFor, failed, stop }
}

type Process = ChildProcessByStdio<Writable, Readable, Readable>

function collect(child: Process, lines: string[], onEvent: (event: ChildEvent) => void): void {
  const keep = (line: string): void => {
    if (!/"event":"training:progress"/.test(line)) lines.push(line)
    if (lines.length > KEPT_LINES) lines.shift()
  }
  createInterface({ input: child.stderr }).on('line', keep)
  createInterface({ input: child.stdout }).on('line', (line) => {
    keep(line)
    const event = parseEvent(line)
    if (event != null) onEvent(event)
  })
}

/** A line that is no event is only kept for the failure message. */
function parseEvent(line: string): ChildEvent | null {
  if (!line.startsWith('{"event":')) return null
  try {
    return JSON.parse(line) as ChildEvent
  } catch {
    // A line cut short by the child's death: `failed` tells of that.
    return null
  }
}

/** `linesOf` gives null once the end is wanted. */
function failure(child: Process, linesOf: () => string[] | null, name: string): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    const tell = (why: string, cause?: Error): void => {
      const lines = linesOf()
      if (lines == null) return
      const last = lines.map((line) => `  ${line}`).join('\n')
      reject(new UserError(`${name} ${why}. Its last lines:\n${last || '  (none)'}`, { cause }))
    }
    child.once('error', (cause) => tell(`could not be started (${cause.message})`, cause))
    child.once('close', (code, signal) => tell(`ended unexpectedly (${signal ?? `exit code ${code}`})`))
  })
  failed.catch(() => undefined) // told through waitFor, or not wanted any more
  return failed
}

async function leave(child: Process, exited: Promise<void>): Promise<void> {
  if (child.pid == null || child.exitCode != null || child.signalCode != null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS)
  await exited
  clearTimeout(timer)
}
