/** Network and mount namespaces, each held by a process that ends when the tests do, however they end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { failure, run } from './commands.ts'
import type { ChildProcess } from 'node:child_process'

const HELLO = 'held\n'

/** Interfaces, routes and mounts of its own. Needs no root where users may have namespaces of their own. */
export class Namespace {
  readonly #holder: ChildProcess

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  /**
   * Open one.
   *
   * @param parent - share its user namespace, so that interfaces can be moved between both
   * @throws {CommandError} the privilege, or a command, is missing
   */
  static async open(parent?: Namespace): Promise<Namespace> {
    const user = parent == null ? ['--user', '--map-root-user'] : []
    // `cat` ends when its input does: with the process that runs the tests. What it repeats says that it is there.
    const command = [...(parent?.command() ?? []), 'unshare', ...user, '--net', '--mount', 'cat']
    const holder = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
    holder.stdin.on('error', () => undefined)
    holder.stdin.write(HELLO)
    const heard = new AbortController()
    try {
      const { signal } = heard
      await Promise.race([once(holder.stdout, 'data', { signal }), failure(holder, command)])
    } finally {
      heard.abort()
    }
    return new Namespace(holder)
  }

  get pid(): number {
    return this.#holder.pid ?? 0
  }

  /** What to put before a command to run it in here. The process is the command's own: signals reach it. */
  command(): string[] {
    return ['nsenter', `--target=${this.pid}`, '--user', '--net', '--mount', '--preserve-credentials', '--']
  }

  /** Run a command in here; what it printed. @throws {CommandError} */
  async run(command: readonly string[], input?: string): Promise<string> {
    return await run([...this.command(), ...command], input)
  }

  /** Configure interfaces: one `ip` command a line. @throws {CommandError} */
  async ip(lines: readonly string[]): Promise<void> {
    await this.run(['ip', '-batch', '-'], `${lines.join('\n')}\n`)
  }

  /** The kernel removes it, with interfaces and mounts, once no process is in it any more. */
  async close(): Promise<void> {
    if (this.#holder.exitCode != null || this.#holder.signalCode != null) return
    this.#holder.stdin?.end()
    await once(this.#holder, 'close')
  }
}
