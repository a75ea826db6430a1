import { UsageError } from '../../output/exit.ts'
import { jsonLine } from '../../output/json.ts'
import { requirePeer } from '../../control.ts'
import type { Handler } from '../../command.ts'

export const handler: Handler<object> = async ({ context, args, options }) => {
  const target = targetOf(args[0] ?? '')
  await requirePeer(context, options.home, (peer) => peer.revoke(target))
  const what = 'invite' in target ? 'The invite is worthless' : `${target.peerId} is no longer a member`
  context.stdout.write(options.json ? jsonLine({ revoked: target }) : `${what} from the next commit on.\n`)
  return undefined
}

/** Invites start with `murmur:`, their ids are CIDs, peers have Ed25519 ids. */
function targetOf(text: string): { invite: string } | { peerId: string } {
  const target = text.trim()
  if (/^12D3Koo\w{45}$/.test(target)) return { peerId: target }
  if (/^murmur:/.test(target) || /^bafy[a-z2-7]{20,}$/.test(target)) return { invite: target }
  throw new UsageError(
    `"${text}" is neither an invite (murmur:… or its id bafy…) nor a peer id (12D3Koo…). murmur peers lists the members.`
  )
}
