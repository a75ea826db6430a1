/** Some waits hang on nothing but timers that let a process end, such as `AbortSignal.timeout()`: libp2p's have these. */

/** As long as a timer can be. */
const LONG_MS = 2 ** 31 - 1

/** The work; until it is done Node.js does not take the process for finished, and end it without a word. */
export async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const alive = setInterval(() => undefined, LONG_MS)
  try {
    return await work
  } finally {
    clearInterval(alive)
  }
}
