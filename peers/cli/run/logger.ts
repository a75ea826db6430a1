/** `--log-level` and `--log-file`: structured logs for the peer. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { jsonLogger } from '../output/log.ts'
import type { CommandContext, GlobalOptions } from '../context.ts'
import type { ComponentLogger } from '@libp2p/interface'

/** A logger, and how to close its file. */
export interface OpenLogger {
  /** Undefined: libp2p's own, which `DEBUG=murmur:*` switches on. */
  logger: ComponentLogger | undefined
  close(): void
}

/** Lines are written synchronously: what was logged before a crash is in the file. */
export function openLogger(context: CommandContext, options: GlobalOptions): OpenLogger {
  const { logLevel, logFile } = options
  if (logLevel == null && logFile == null) return { logger: undefined, close: () => undefined }
  const level = logLevel ?? 'debug'
  if (logFile == null) {
    const write = (line: string): void => context.stderr.write(line)
    return { logger: jsonLogger({ level, now: context.now, write }), close: () => undefined }
  }
  const file = openSync(resolve(context.cwd, logFile), 'a', 0o600)
  const write = (line: string): void => void writeSync(file, line)
  return { logger: jsonLogger({ level, now: context.now, write }), close: () => closeSync(file) }
}
