/** What a command writes to and waits for, without a terminal and without a clock. */
import type { Output } from '../../../../peers/cli/context.ts'

/** How a fake stream looks from inside. */
export interface FakeOutputInit {
  isTTY?: boolean
  columns?: number
  rows?: number
}

/** Keeps what is written. */
export class FakeOutput implements Output {
  readonly isTTY: boolean
  columns: number
  rows: number
  text = ''
  readonly #listeners = new Set<() => void>()

  constructor({ isTTY = false, columns = 80, rows = 24 }: FakeOutputInit = {}) {
    this.isTTY = isTTY
    this.columns = columns
    this.rows = rows
  }

  write(text: string): void {
    this.text += text
  }

  onResize(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** As when a person drags the window's corner. */
  resize(columns: number, rows = this.rows): void {
    this.columns = columns
    this.rows = rows
    for (const listener of this.#listeners) listener()
  }

  /** Listeners that nobody took back. */
  get listening(): number {
    return this.#listeners.size
  }

  /** What was written, line by line, without the last line's end. */
  get lines(): string[] {
    return this.text === '' ? [] : this.text.replace(/\n$/, '').split('\n')
  }

  /** What was written as JSON lines. Throws when a line is none. */
  get json(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}

/** A clock that the test moves, with the repeating timers of a CommandContext. */
export class FakeTime {
  nowMs: number
  readonly #timers = new Set<{ everyMs: number; dueMs: number; tick: () => void }>()
  #armed: (() => void)[] = []

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  every(everyMs: number, tick: () => void): () => void {
    const timer = { everyMs, dueMs: this.nowMs + everyMs, tick }
    this.#timers.add(timer)
    for (const resolve of this.#armed.splice(0)) resolve()
    return () => this.#timers.delete(timer)
  }

  /** Timers that nobody took back. */
  get pending(): number {
    return this.#timers.size
  }

  /** Resolves when a timer is set, at once when there is one. */
  armed(): Promise<void> {
    return this.pending > 0 ? Promise.resolve() : new Promise((resolve) => this.#armed.push(resolve))
  }

  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs
    for (;;) {
      const [due] = [...this.#timers].filter((t) => t.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)
      if (due == null) break
      this.nowMs = due.dueMs
      due.dueMs += due.everyMs
      due.tick()
    }
    this.nowMs = untilMs
  }
}
