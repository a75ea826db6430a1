/** How fast this peer's bytes leave it, measured where they have to queue. */
import type { Clock } from '../common/clock.ts'

/** Less time in a queue says nothing. */
const LEAST_MS = 50
/** Of time in queues: what was before counts half. */
const HALF_MS = 30_000
/** What was measured so long ago is forgotten: a link that has become faster would not be noticed, where little is sent. */
const STALE_MS = 10 * 60_000

/**
 * Bytes that left by the time in which a stream had more to write than could leave at once: as long as nothing waits, a link may
 * be as fast as it likes, and as slow.
 */
export class Uplink {
  readonly #clock: Clock
  #waiting = 0
  #since = 0
  #wentAt = -Infinity
  #ms = 0
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Of all streams together; null where nothing waited of late. */
  get bytesPerSecond(): number | null {
    const now = this.#clock.nowMs()
    if (this.#waiting === 0 && now - this.#wentAt > STALE_MS) return null
    const ms = this.#ms + (this.#waiting > 0 ? now - this.#since : 0)
    return ms < LEAST_MS ? null : (1000 * this.#bytes) / ms
  }

  /** A stream has bytes that wait. */
  wait(): void {
    if (this.#waiting++ > 0) return
    this.#since = this.#clock.nowMs()
    if (this.#since - this.#wentAt > STALE_MS) [this.#ms, this.#bytes] = [0, 0]
  }

  /** Bytes of a waiting stream have left. */
  moved(bytes: number): void {
    this.#bytes += bytes
  }

  /** It has none any more. */
  go(): void {
    if (--this.#waiting > 0) return
    this.#wentAt = this.#clock.nowMs()
    this.#ms += this.#wentAt - this.#since
    while (this.#ms > 2 * HALF_MS) {
      this.#ms /= 2
      this.#bytes /= 2
    }
  }
}
