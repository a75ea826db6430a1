/** Calls out when too little moves while something is waited for: total silence and one byte a second alike. */
import { MIN_PROGRESS_BYTES } from './constants.ts'
import { StalledError } from './errors.ts'
import type { Clock } from '../common/clock.ts'

export interface WatchdogInit {
  clock: Clock
  intervalMs: number
  onStall(error: StalledError): void
}

/** Idle until `start()`; then every `intervalMs` must see `MIN_PROGRESS_BYTES`. */
export class Watchdog {
  readonly #init: WatchdogInit
  #cancel: (() => void) | null = null
  #movedBytes = 0
  #movedAt = 0

  constructor(init: WatchdogInit) {
    this.#init = init
  }

  /** Idempotent. */
  start(): void {
    if (this.#cancel == null) this.#arm()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  moved(bytes: number): void {
    this.#movedBytes += bytes
    this.#movedAt = this.#init.clock.nowMs()
  }

  /** A whole answer counts as progress, however short. */
  answered(): void {
    this.#movedBytes += MIN_PROGRESS_BYTES
  }

  #arm(): void {
    this.#movedBytes = 0
    this.#movedAt = this.#init.clock.nowMs()
    this.#cancel = this.#init.clock.after(this.#init.intervalMs, () => this.#check())
  }

  #check(): void {
    if (this.#movedBytes >= MIN_PROGRESS_BYTES) return this.#arm()
    this.#cancel = null
    const { clock, intervalMs, onStall } = this.#init
    const isSilent = clock.nowMs() - this.#movedAt >= intervalMs / 2
    onStall(new StalledError({ bytes: this.#movedBytes, isSilent }, MIN_PROGRESS_BYTES, intervalMs))
  }
}
