/** One real `murmur` process: its events as they come, its end. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'

/** A line of `--json`: `{event, time, …}`. */
export interface JsonEvent {
  event: string
  [field: string]: unknown
}

/** How a process ended. */
export interface End {
  code: number | null
  signal: NodeJS.Signals | null
}

type Filter = (event: JsonEvent) => boolean
/** Lines kept of a process, to explain a failure. */
const KEPT_LINES = 30

/** Started and not waited for: a peer. */
export class MurmurProcess {
  readonly name: string
  readonly child: ChildProcess
  /** Every event so far. */
  readonly events: JsonEvent[] = []
  /** The last lines of output, progress left out. */
  readonly lines: string[] = []
  readonly ended: Promise<End>
  readonly #waiting = new Set<() => void>()
  #end: End | undefined

  constructor(name: string, command: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = name
    const [file, ...args] = command
    // If the test's process dies, its children's standard input closes, and they leave.
    this.child = spawn(file, args, {
      env: { ...env, MURMUR_LEAVE_WITH_STDIN: '1' },
      stdio: ['pipe', 'pipe', 'pipe']
    })
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => {
        this.#end = { code, signal }
        this.#changed()
        resolve(this.#end)
      })
    })
    this.#collect()
  }

  /** The first event of this name that passes, also one that came before. Rejects if the process ends without it. */
  async event(name: string, filter: Filter = () => true): Promise<JsonEvent> {
    return await this.#event(name, filter, 0)
  }

  /** The same, of the events from now on. */
  async next(name: string, filter: Filter = () => true): Promise<JsonEvent> {
    return await this.#event(name, filter, this.events.length)
  }

  /** The commit that completed a training round. */
  async commit(round: number): Promise<JsonEvent> {
    return await this.event('commit', (event) => event['round'] === round && event['height'] !== 0)
  }

  /** The first commit told of that completed a later round: one that ended the process before may never be told of. */
  async commitAfter(round: number): Promise<JsonEvent> {
    return await this.event('commit', (event) => Number(event['round']) > round)
  }

  /** It trains, and is not done. */
  async amidTraining(): Promise<JsonEvent> {
    return await this.next('training:progress', ({ step, steps }) => Number(step) < Number(steps))
  }

  /** The latest round committed so far. */
  get round(): number {
    return Math.max(
      0,
      ...this.events.filter(({ event }) => event === 'commit').map((event) => Number(event['round']))
    )
  }

  /** Send a signal and wait for the end. */
  async kill(signal: NodeJS.Signals): Promise<End> {
    if (this.#end == null) this.child.kill(signal)
    return await this.ended
  }

  /** What it last said. */
  report(): string {
    const end = this.#end == null ? 'runs' : `ended with ${this.#end.signal ?? this.#end.code}`
    return `${this.name} (${end}) said:\n${this.lines.map((line) => `    ${line.slice(0, 300)}`).join('\n')}`
  }

  async #event(name: string, filter: Filter, from: number): Promise<JsonEvent> {
    for (let at = from; ;) {
      for (; at < this.events.length; at++) {
        const event = this.events[at]
        if (event.event === name && filter(event)) return event
      }
      if (this.#end != null) throw new Error(`${this.name} ended without "${name}". ${this.report()}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #collect(): void {
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream == null) continue
      createInterface({ input: stream }).on('line', (line) => {
        const event = parseEvent(line)
        if (event != null) this.events.push(event)
        if (event?.event !== 'training:progress') this.lines.push(line)
        if (this.lines.length > KEPT_LINES) this.lines.shift()
        this.#changed()
      })
    }
  }

  #changed(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

function parseEvent(line: string): JsonEvent | null {
  return line.startsWith('{"event":') ? (JSON.parse(line) as JsonEvent) : null
}
