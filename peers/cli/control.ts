/** Commands that only a running peer can carry out. */
import { homeFlag } from './home.ts'
import { exitCodes, UserError } from './output/exit.ts'
import type { CommandContext } from './context.ts'
import type { ControlClient } from './library/types.ts'

/** Talk to the peer that runs in `home`. @throws {UserError} exit code 3 when none runs */
export async function requirePeer<T>(
  context: CommandContext,
  home: string,
  use: (peer: ControlClient) => Promise<T>
): Promise<T> {
  await context.library.openHome(home)
  const peer = await context.library.connect(home)
  if (peer == null) {
    const start = `murmur start${homeFlag(context, home)}`
    throw new UserError(
      `No peer runs in ${home}. Start it (${start}), then run this again in another terminal.`,
      { exitCode: exitCodes.unreachable }
    )
  }
  try {
    return await use(peer)
  } finally {
    await peer.close()
  }
}
