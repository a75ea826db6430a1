/** The state directory: where it is, and how a message names it in a command to type. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { CommandContext } from './context.ts'

/** `--home`, else $MURMUR_HOME, else ~/.murmur; absolute. */
export function homeOf(given: unknown, { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>): string {
  const chosen = typeof given === 'string' ? given : env['MURMUR_HOME']
  if (chosen != null && chosen !== '') return resolve(cwd, chosen)
  return join(env['HOME'] ?? homedir(), '.murmur')
}

/** ` --home <dir>` for a command that a message suggests; nothing where the command finds `home` without it. */
export function homeFlag(context: Pick<CommandContext, 'env' | 'cwd'>, home: string): string {
  return home === homeOf(undefined, context) ? '' : ` --home ${shellWord(home)}`
}

/** A text as one word of a POSIX shell, quoted where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
