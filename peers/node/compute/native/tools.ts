/** The programs that building a binding needs: looked for before anything is downloaded. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Lines of a failed program's output that are shown. */
const SHOWN_LINES = 6
/** What a compiler may say. */
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024

/** Building the binding cannot go on. The message says what failed and what to do. */
export class NativeInstallError extends Error {
  static override name = 'NativeInstallError'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NativeInstallError'
  }
}

export interface RunOptions {
  cwd?: string
  signal?: AbortSignal
}

/** Run a program to its end. @throws {NativeInstallError} with its last words; or the signal's reason */
export async function run(
  command: string,
  args: string[],
  { cwd, signal }: RunOptions = {}
): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { cwd, signal, maxBuffer: MOST_OUTPUT_BYTES })
    return stdout
  } catch (cause) {
    signal?.throwIfAborted()
    const { stderr = '', message } = cause as Error & { stderr?: string }
    const words = stderr.trim().split('\n').slice(-SHOWN_LINES).join('\n')
    throw new NativeInstallError(`${command} ${args[0]} failed: ${words || message}`, { cause })
  }
}

/** Program, how it is asked whether it is there, and what installs it. */
const TOOLS: [command: string, args: string[], advice: string][] = [
  ['g++', ['--version'], 'install a C++ compiler (package g++ or build-essential)'],
  ['python3', ['-m', 'pip', '--version'], 'install Python 3 with pip (packages python3 and python3-pip)'],
  ['npm', ['--version'], 'install npm (it comes with Node.js)'],
  ['tar', ['--version'], 'install tar']
]

/** @throws {NativeInstallError} naming all that is missing */
export async function checkTools(signal?: AbortSignal): Promise<void> {
  const missing: string[] = []
  for (const [command, args, advice] of TOOLS) {
    try {
      await run(command, args, { signal })
    } catch (error) {
      if (!(error instanceof NativeInstallError)) throw error
      missing.push(`${[command, ...args].join(' ')} does not work: ${advice}`)
    }
  }
  if (missing.length > 0)
    throw new NativeInstallError(`${missing.join('; ')}. Then run the same command again`)
}
