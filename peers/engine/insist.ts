/** Trying again until it works. */
import type { Clock } from './components.ts'

/** How long to wait before asking again for what nobody could give: shortly at first, for another may just be getting it. */
const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 500

export interface InsistOptions {
  clock: Clock
  /** Ends the trying. */
  signal: AbortSignal
  /** The pause doubles with each failure up to this; default: half a second. */
  maxPauseMs?: number
  /** Told of every failure but that of being aborted; `isFirst` of these, for what is worth saying only once. */
  onFailure(error: Error, isFirst: boolean): void
}

/** Try until it works. @throws the signal's reason */
export async function insist<T>(attempt: () => Promise<T>, options: InsistOptions): Promise<T> {
  const { signal, maxPauseMs = MAX_PAUSE_MS } = options
  let isFirst = true
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      options.onFailure(error as Error, isFirst)
      isFirst = false
      await pause(pauseMs, options)
    }
  }
}

async function pause(ms: number, { clock, signal }: InsistOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cancel = clock.setTimer(ms, resolve)
  const onAbort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await promise
  } finally {
    cancel()
    signal.removeEventListener('abort', onAbort)
  }
}
