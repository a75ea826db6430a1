/** How `murmur` ends: the exit codes that scripts may rely on, and the error that carries one. */

/** Documented in `murmur --help`. */
export const exitCodes = {
  /** All that was asked is done. */
  ok: 0,
  /** Something went wrong while doing it. */
  failure: 1,
  /** The command line itself is wrong: unknown option, missing argument, bad value. */
  usage: 2,
  /** Nobody could be reached: no peer runs here, the founder did not answer. */
  unreachable: 3,
  /** The federation said no: invite expired, used up, revoked, tampered with, for another federation. */
  refused: 4,
  /** Ended by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** Ended by SIGTERM (128 + 15). */
  terminated: 143
} as const

/** One of `exitCodes`. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A mistake that a person can mend. The message says what was found, what was expected and what to do next. */
export class UserError extends Error {
  static override name = 'UserError'
  readonly exitCode: ExitCode

  constructor(message: string, options: ErrorOptions & { exitCode?: ExitCode } = {}) {
    super(message, options)
    this.name = 'UserError'
    this.exitCode = options.exitCode ?? exitCodes.failure
  }
}

/** A value on the command line that cannot be meant: exit code 2. */
export class UsageError extends UserError {
  static override name = 'UsageError'

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { ...options, exitCode: exitCodes.usage })
    this.name = 'UsageError'
  }
}

/** The person (Ctrl-C) or the system (SIGTERM) asked to stop; work was left cleanly. */
export class InterruptedError extends UserError {
  static override name = 'InterruptedError'

  constructor(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT') {
    const exitCode = signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated
    super(`Stopped by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}.`, { exitCode })
    this.name = 'InterruptedError'
  }
}
