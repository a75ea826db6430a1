/** One piece of work at a time, in the order asked for. */
export interface Turns {
  /** Runs `work` when its turn comes. Rejects at once, and never runs it, if `signal` aborts before. */
  take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(work, signal) {
      const begin = async (): ReturnType<typeof work> => {
        signal?.throwIfAborted()
        return work()
      }
      const result = last.then(begin, begin)
      last = result
      return signal == null ? result : orAborted(result, signal)
    }
  }
}

/** Settles as `result`, unless the signal aborts first: then rejects with its reason. */
export function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
