/** Commands of the operating system, run to their end. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** A command that is not there, or ended with anything but 0. */
export class CommandError extends Error {
  static override name = 'CommandError'

  constructor(command: readonly string[], found: string, options?: ErrorOptions) {
    super(`${command.join(' ')}: ${found}`, options)
    this.name = 'CommandError'
  }
}

/** Run a command; what it printed. @throws {CommandError} */
export async function run(command: readonly string[], input = ''): Promise<string> {
  const [file, ...args] = command
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(new CommandError(command, cause.message, { cause })))
    child.once('close', resolve)
  })
  // A command that ends without reading is judged by its exit code.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (code !== 0) throw new CommandError(command, `ended with ${code}. ${stderr.trim()}`)
  return stdout
}
