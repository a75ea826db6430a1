/** A bad link for kernels without netem: a process that hands packets on, late, some of them never. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { failure } from './commands.ts'
import type { ChildProcess } from 'node:child_process'
import type { Namespace } from './namespace.ts'
import type { Weather } from './weather.ts'

/** Node.js opens no packet sockets; Python does. */
const PROGRAM = join(import.meta.dirname, 'relay.py')

export interface Relay {
  /** End it. @throws {CommandError} it had ended by itself */
  stop(): Promise<void>
}

/**
 * Hand on packets between both interfaces of each line; weather is met from the first to the second.
 *
 * @throws {CommandError} there is no Python, or it may not
 */
export async function startRelay(
  where: Namespace,
  lines: readonly (readonly [string, string])[],
  weather: Weather
): Promise<Relay> {
  const command = [...where.command(), 'python3', PROGRAM, JSON.stringify({ ...weather, lines })]
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = failure(child, command)
  ended.catch(() => undefined)
  await Promise.race([once(child.stdout, 'data'), ended])
  return { stop: async () => await stop(child, ended) }
}

async function stop(child: ChildProcess, ended: Promise<never>): Promise<void> {
  if (child.exitCode != null || child.signalCode != null) return await ended
  child.kill('SIGKILL')
  await ended.catch(() => undefined)
}
