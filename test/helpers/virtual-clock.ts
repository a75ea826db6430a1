/** Time that passes only when the test says so. Fits every `Clock` of the protocols. */
export class VirtualClock {
  #nowMs = 0
  readonly #timers = new Set<{ atMs: number; callback: () => void }>()

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size
  }

  /** Let time pass; what falls due is called in order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs
    for (;;) {
      const [due] = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
      if (due == null) break
      this.#timers.delete(due)
      this.#nowMs = due.atMs
      due.callback()
    }
    this.#nowMs = untilMs
  }
}
