/** Commands of the operating system, run to their end. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { ChildProcess } from 'node:child_process'

/** A command that is not there, or ended with anything but 0. */
export class CommandError extends Error {
  static override name = 'CommandError'

  constructor(command: readonly string[], found: string, options?: ErrorOptions) {
    super(`${command.join(' ')}: ${found}`, options)
    this.name = 'CommandError'
  }
}

/** Resolves with the exit code of a command that was started. @throws {CommandError} it could not be */
async function codeOf(child: ChildProcess, command: readonly string[]): Promise<number | null> {
  return await new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new CommandError(command, cause.message, { cause })))
    child.once('close', resolve)
  })
}

/** Of a command that is to go on for ever: rejects when it ends, with what it said. @throws {CommandError} */
export async function failure(child: ChildProcess, command: readonly string[]): Promise<never> {
  const said: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const code = await codeOf(child, command)
  throw new CommandError(command, `ended with ${code}. ${said.join('').trim()}`)
}

/** Run a command; what it printed. @throws {CommandError} */
export async function run(command: readonly string[], input = ''): Promise<string> {
  const [file, ...args] = command
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = codeOf(child, command)
  // A command that ends without reading is judged by its exit code.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (code !== 0) throw new CommandError(command, `ended with ${code}. ${stderr.trim()}`)
  return stdout
}
