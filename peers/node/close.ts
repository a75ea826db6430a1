/** Taking apart what was put together. */

/** Closes or stops one part. */
export type Closer = () => Promise<void>

/**
 * Run all closers, one after the other. One that fails keeps no other from running: a lock or a socket left behind
 * would outlive the peer.
 *
 * @throws what failed; if several did, an AggregateError with the first as its cause
 */
export async function closeAll(closers: Iterable<Closer>): Promise<void> {
  const failures: unknown[] = []
  for (const closer of closers) {
    try {
      await closer()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length === 1) throw failures[0]
  if (failures.length === 0) return
  const messages = failures.map((error) => (error instanceof Error ? error.message : String(error)))
  throw new AggregateError(failures, `Not everything could be closed: ${messages.join('; ')}`, {
    cause: failures[0]
  })
}
