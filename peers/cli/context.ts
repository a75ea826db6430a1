/** What a command may touch: handed in, so that tests need no process and no terminal. */
import type { Library } from './library/types.ts'
import type { LogLevel } from './output/log.ts'
import type pc from 'picocolors'

/** A stream to a person or a script. */
export interface Output {
  write(text: string): void
  readonly isTTY: boolean
  /** Terminal columns and rows now; 80 × 24 when it is no terminal. */
  readonly columns: number
  readonly rows: number
  /** Called at each change of size; returns how to stop listening. */
  onResize(listener: () => void): () => void
}

/** Options that every command takes. */
export interface GlobalOptions {
  /** Absolute path of the state directory. */
  home: string
  json: boolean
  verbose: boolean
  logLevel?: LogLevel
  logFile?: string
}

export interface CommandContext {
  stdout: Output
  stderr: Output
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  /** Aborted by Ctrl-C or SIGTERM with an InterruptedError. */
  signal: AbortSignal
  colors: ReturnType<typeof pc.createColors>
  /** The package version. */
  version: string
  /** Milliseconds since the epoch. */
  now(): number
  /** Call `tick` every `everyMs`, without keeping the process alive; returns how to stop. */
  every(everyMs: number, tick: () => void): () => void
  /** Ask a person a yes/no question. Null when nobody is there to answer (stdin is no terminal). */
  confirm(question: string): Promise<boolean | null>
  /** Ask for text that is not shown, such as a passphrase. Null when nobody is there. */
  askSecret(question: string): Promise<string | null>
  /** All of the standard input as text. */
  readInput(): Promise<string>
  /** How to start another `murmur` process. */
  self: { command: string; args: string[] }
  library: Library
}
