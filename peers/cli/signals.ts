/** When the process is asked to leave. */
import { SHOW_CURSOR } from './output/cursor.ts'
import { exitCodes, InterruptedError } from './output/exit.ts'

/**
 * Aborted by Ctrl-C or SIGTERM, and, for a child that is told so, by the end of its standard input: the parent is gone.
 * A second Ctrl-C ends the process at once.
 */
export function leaveSignal(env: Readonly<Record<string, string | undefined>>): AbortSignal {
  const leaving = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (leaving.signal.aborted) leaveAtOnce()
      leaving.abort(new InterruptedError(signal))
    })
  }
  if (env['MURMUR_LEAVE_WITH_STDIN'] === '1') {
    process.stdin.once('end', () => leaving.abort(new InterruptedError('SIGTERM')))
    process.stdin.resume()
    // Alone it must not keep the process alive.
    process.stdin.unref?.()
  }
  return leaving.signal
}

/** A live view may have hidden the cursor, and will not come to show it again. */
function leaveAtOnce(): never {
  if (process.stdout.isTTY) process.stdout.write(SHOW_CURSOR)
  process.exit(exitCodes.interrupted)
}
