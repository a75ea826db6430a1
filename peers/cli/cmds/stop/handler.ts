import { jsonLine } from '../../output/json.ts'
import { requirePeer } from '../../control.ts'
import type { Handler } from '../../command.ts'

export const handler: Handler<object> = async ({ context, options }) => {
  await requirePeer(context, options.home, (peer) => peer.stop())
  context.stdout.write(options.json ? jsonLine({ stopped: true }) : 'The peer leaves.\n')
  return undefined
}
