/** A token bucket: so many a second, so many at once. */
import type { Clock } from '../common/clock.ts'

export class TokenBucket {
  readonly #clock: Clock
  readonly #perSecond: number
  /** Negative when wants are waiting their turn; never above one second's worth. */
  #tokens: number
  #updatedMs: number

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#tokens = perSecond
    this.#updatedMs = clock.nowMs()
  }

  /** Take one. Returns how many milliseconds to wait before acting on it. */
  take(): number {
    const nowMs = this.#clock.nowMs()
    const earned = ((nowMs - this.#updatedMs) * this.#perSecond) / 1000
    this.#updatedMs = nowMs
    this.#tokens = Math.min(this.#perSecond, this.#tokens + earned) - 1
    return this.#tokens >= 0 ? 0 : (-this.#tokens * 1000) / this.#perSecond
  }
}
