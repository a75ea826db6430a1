/** Time, handed in so that tests decide it. */

export interface Clock {
  /** Milliseconds from any fixed origin. */
  nowMs(): number
  /** Call back once after a delay; the returned function cancels. */
  after(delayMs: number, callback: () => void): () => void
}

/** The host's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  }
}
