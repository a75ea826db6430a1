import { homeFlag } from '../../home.ts'
import { formatDuration, plural } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderQr } from '../../output/qr.ts'
import { printable } from '../../output/width.ts'
import { passphraseFor } from '../../run/passphrase.ts'
import type { Handler } from '../../command.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { InviteSummary } from '../../library/types.ts'
import type { InviteOptions } from '../../../node/types.ts'
import type { InviteFlags } from './options.ts'

export const handler: Handler<InviteFlags> = async ({ context, options }) => {
  await context.library.openHome(options.home)
  const { text, origin } = await makeInvite(context, options)
  const summary = await context.library.readInvite(text)
  const { text: invite, ...facts } = summary
  if (options.json) context.stdout.write(jsonLine({ invite, origin, ...facts }))
  else tell(context, summary, options.qr)
  return undefined
}

async function makeInvite(
  context: CommandContext,
  options: InviteFlags & GlobalOptions
): Promise<{ text: string; origin: 'peer' | 'disk' }> {
  const invite: InviteOptions = { role: options.role, expiresInMs: options.expires, maxUses: options.uses }
  if (options.address != null) invite.addresses = options.address
  const peer = await context.library.connect(options.home)
  if (peer == null) return { text: await makeOffline(context, options.home, invite), origin: 'disk' }
  try {
    return { text: await peer.invite(invite), origin: 'peer' }
  } finally {
    await peer.close()
  }
}

async function makeOffline(context: CommandContext, home: string, invite: InviteOptions): Promise<string> {
  const passphrase = await passphraseFor(context, home)
  const text = await context.library.inviteOffline({
    home,
    now: context.now(),
    invite,
    ...(passphrase == null ? {} : { passphrase })
  })
  const start = `murmur start${homeFlag(context, home)}`
  context.stderr.write(`No peer runs in ${home}: start it before the invite is used (${start}).\n`)
  return text
}

/** The invite alone on stdout when that is no terminal, so that it can be piped; the rest is for people. */
function tell(context: CommandContext, invite: InviteSummary, wantsQr: boolean): void {
  const { stdout, stderr } = context
  stdout.write(`${invite.text}\n`)
  if (!stdout.isTTY) return
  if (wantsQr) {
    const code = renderQr(invite.text, stdout.columns)
    stdout.write(code == null ? '\n(No QR code: widen the terminal for one.)\n' : `\n${code}\n`)
  }
  const left = formatDuration(Math.max(0, invite.expiresAt - context.now()))
  stderr.write(
    `\nAn invite to "${printable(invite.name)}" as ${invite.role}: good for ${left}, ${plural(invite.maxUses, 'use')}.\n`
  )
  stderr.write(`It leads to ${invite.addresses.join(', ') || 'no address'}.\n`)
  stderr.write('On the other machine: murmur join <invite> --data <their data>\n')
}
