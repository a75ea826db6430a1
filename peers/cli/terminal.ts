/** The process's own streams, clock and person, as commands see them. */
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import type { CommandContext, Output } from './context.ts'
import type { Interface } from 'node:readline'
import type { WriteStream } from 'node:tty'

/** What a stream that is no terminal is taken for. */
const COLUMNS = 80
const ROWS = 24

/** A process stream as Output. A reader that goes away (`murmur ledger | head`) is no failure. */
export function outputOf(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const terminal = stream as Partial<WriteStream>
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY === true
    },
    get columns() {
      // Some pseudo-terminals say 0.
      return terminal.columns || COLUMNS
    },
    get rows() {
      return terminal.rows || ROWS
    },
    onResize(listener) {
      stream.on('resize', listener)
      return () => void stream.off('resize', listener)
    }
  }
}

/** Resolves when all that was written is out, or cannot get out any more. */
export function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()))
}

/** Asking the person at the terminal; `signal` ends the question. */
export function person(signal: AbortSignal): Pick<CommandContext, 'confirm' | 'askSecret' | 'readInput'> {
  return {
    async confirm(question) {
      const answer = await ask(question, { signal, hidden: false })
      return answer == null ? null : /^\s*y(es)?\s*$/i.test(answer)
    },
    askSecret: async (question) => await ask(question, { signal, hidden: true }),
    readInput: async () => (await buffer(process.stdin)).toString('utf8')
  }
}

async function ask(
  question: string,
  { signal, hidden }: { signal: AbortSignal; hidden: boolean }
): Promise<string | null> {
  if (!process.stdin.isTTY) return null
  const prompt = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      // readline takes Ctrl-C for itself while it asks: give it back to the process.
      prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      prompt.question(question, resolve)
      if (hidden) mute(prompt)
    })
  } finally {
    prompt.close()
    if (hidden) process.stderr.write('\n')
  }
}

/** What is typed is not echoed. */
function mute(prompt: Interface): void {
  Object.assign(prompt, { _writeToOutput: () => undefined })
}
