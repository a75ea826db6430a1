/** The host's time, for the parts that take it. */
import type { Clock } from '../engine/components.ts'

export const hostClock: Clock = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  }
}
