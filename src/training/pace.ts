/** Keeping a long computation polite: it lets events in every few milliseconds, and stops when told to. */

/** What the platform gives. */
export interface Clock {
  /** Milliseconds, from any origin. */
  now(): number
  /** Resolves after pending events (messages, aborts) were handled. */
  yieldToEvents(): Promise<void>
}

/** How long to compute before letting events in: well under the 200 ms in which an abort must take effect. */
const SLICE_MS = 20

/** Awaited between steps. Rejects with the signal's reason once it is aborted. */
export type Pace = () => Promise<void>

export function createPace(clock: Clock, signal?: AbortSignal): Pace {
  let sliceEndsAt = clock.now() + SLICE_MS
  return async () => {
    signal?.throwIfAborted()
    if (clock.now() < sliceEndsAt) return
    await clock.yieldToEvents()
    signal?.throwIfAborted()
    sliceEndsAt = clock.now() + SLICE_MS
  }
}
