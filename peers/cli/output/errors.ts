/** An error as the person at the terminal should meet it: one message, an exit code, a stack only with --verbose. */
import { exitCodes, UserError } from './exit.ts'
import { printable } from './width.ts'
import type { ExitCode } from './exit.ts'

/** What is told about a failure. */
export interface ErrorReport {
  /** The error's class, for scripts. */
  name: string
  /** A finer reason where the library gives one, e.g. 'expired'. */
  code: string | null
  message: string
  exitCode: ExitCode
  /** False for what no person could have caused: then the message asks for a report. */
  expected: boolean
}

/** The reasons for which a federation turns somebody away. */
const REFUSALS = new Set([
  'expired',
  'used-up',
  'wrong-federation',
  'tampered',
  'revoked',
  'not-allowed',
  'misbehaved'
])
const UNREACHABLE = new Set(['unreachable', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])
/** Classes that JavaScript itself throws when our code is wrong. */
const BUGS = new Set([
  'Error',
  'AggregateError',
  'AssertionError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError'
])

/** Sort a thrown value into message, code and exit code. */
export function reportOf(thrown: unknown): ErrorReport {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = codeOf(error)
  const system = systemMessage(error)
  const exitCode = exitCodeOf(error, code)
  const answered = exitCode === exitCodes.refused || exitCode === exitCodes.unreachable
  const expected = error instanceof UserError || answered || system != null || !BUGS.has(error.name)
  return { name: error.name, code, message: system ?? messageOf(error), exitCode, expected }
}

/** Never empty: an AggregateError has the messages of its parts, others at least a code or a name. */
function messageOf(error: Error): string {
  if (error.message !== '') return error.message
  const parts = error instanceof AggregateError ? error.errors.map((part) => reportOf(part).message) : []
  return parts.length > 0 ? [...new Set(parts)].join('; ') : (codeOf(error) ?? error.name)
}

/** The report as lines for stderr. */
export function renderError(thrown: unknown, { verbose = false } = {}): string {
  const report = reportOf(thrown)
  // Messages may quote what somebody else sent: nothing in them may steer the terminal.
  const lines = `murmur: ${report.message}`.split('\n').map(printable)
  if (!report.expected) {
    lines.push(
      'This looks like a bug in murmur. Run again with --verbose for the stack, and please report it.'
    )
  }
  if (verbose) lines.push(...stackOf(thrown).split('\n').map(printable))
  return `${lines.join('\n')}\n`
}

/** Where it was thrown, and by what it was caused. */
export function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `thrown: ${String(thrown)}`
  const own = thrown.stack ?? thrown.message
  return thrown.cause == null ? own : `${own}\ncaused by: ${stackOf(thrown.cause)}`
}

function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null
}

function exitCodeOf(error: Error, code: string | null): ExitCode {
  if (error instanceof UserError) return error.exitCode
  if (code != null && REFUSALS.has(code)) return exitCodes.refused
  if ((code != null && UNREACHABLE.has(code)) || /Unreachable/.test(error.name)) return exitCodes.unreachable
  return exitCodes.failure
}

/** Node's own file and network errors in words; null for all others. */
function systemMessage(error: Error): string | null {
  const { path, syscall, port } = error as NodeJS.ErrnoException & { port?: number }
  const where = path ?? (port == null ? (syscall ?? 'the system') : `port ${port}`)
  const tell = SYSTEM_ERRORS[codeOf(error) ?? '']
  return tell == null ? null : tell(where)
}

const SYSTEM_ERRORS: Record<string, (where: string) => string> = {
  ENOENT: (where) => `${where} does not exist. Check the path.`,
  EACCES: (where) => `No permission for ${where}. Change its permissions, or use another path.`,
  EEXIST: (where) => `${where} is there already. Choose another path, or move it away.`,
  EROFS: (where) => `${where} is on a read-only disk. Use another path.`,
  EPERM: (where) => `${where} may not be changed. Change its permissions, or use another path.`,
  ENOSPC: (where) => `No space is left on the disk (${where}). Free some, then run the same command again.`,
  EADDRINUSE: (where) => `Another program already listens on ${where}. Choose another port, or stop it.`,
  EADDRNOTAVAIL: (where) => `${where}: this machine does not have that address. Choose one that it has.`,
  EISDIR: (where) => `${where} is a directory; a file was expected.`,
  ENOTDIR: (where) => `${where} is a file; a directory was expected.`
}
