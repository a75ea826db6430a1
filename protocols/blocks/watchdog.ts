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
    if (this.#cancel != null) return
    this.#movedAt = this.#init.clock.nowMs()
    this.#arm()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  moved(bytes: number): void {
    this.#movedBytes += bytes
    this.#movedAt = this.#init.clock.nowMs()
  }

  /** For how long nothing at all has come: since the last byte, or since the question. */
  get silentMs(): number {
    return this.#init.clock.nowMs() - this.#movedAt
  }

  /** A whole answer counts as progress, however short. */
  answered(): void {
    this.#movedBytes += MIN_PROGRESS_BYTES
  }

  #arm(): void {
    this.#movedBytes = 0
    this.#cancel = this.#init.clock.after(this.#init.intervalMs, () => this.#check())
  }

  #check(): void {
    if (this.#movedBytes >= MIN_PROGRESS_BYTES) return this.#arm()
    this.#cancel = null
    this.#init.onStall(new StalledError(this.#movedBytes, MIN_PROGRESS_BYTES, this.#init.intervalMs))
  }
}
