import { runPeer } from '../../run/run.ts'
import type { Handler } from '../../command.ts'
import type { RunOptions } from '../../run/options.ts'

export const handler: Handler<RunOptions> = async ({ context, options }) => {
  const home = await context.library.openHome(options.home)
  return await runPeer(context, home, options)
}
