/** The passphrase of an encrypted identity: from the environment, else from the person. */
import { UserError } from '../output/exit.ts'
import type { CommandContext } from '../context.ts'

/** Undefined when the identity in `home` is not encrypted. */
export async function passphraseFor(context: CommandContext, home: string): Promise<string | undefined> {
  const given = newPassphrase(context)
  if (given != null) return given
  if (!(await context.library.needsPassphrase(home))) return undefined
  const typed = await context.askSecret(`Passphrase of the identity in ${home}: `)
  if (typed != null) return typed
  throw new UserError(
    `The identity in ${home} is encrypted. Set MURMUR_PASSPHRASE, or run this in a terminal to be asked for it.`
  )
}

/** The passphrase that a new identity is encrypted with, if there is one in the environment. */
export function newPassphrase(context: CommandContext): string | undefined {
  const given = context.env['MURMUR_PASSPHRASE']
  return given == null || given === '' ? undefined : given
}
