import { describeManifest } from '../../../../src/federation/manifest/index.ts'
import { exitCodes, UsageError, UserError } from '../../output/exit.ts'
import { eventLine } from '../../output/json.ts'
import { block, printable } from '../../output/width.ts'
import { dataOf } from '../../run/options.ts'
import { newPassphrase } from '../../run/passphrase.ts'
import { chosenOptions, runPeer } from '../../run/run.ts'
import type { Handler } from '../../command.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { HomeInfo, Invitation, InviteSummary } from '../../library/types.ts'
import type { JoinOptions } from './options.ts'

type Options = JoinOptions & GlobalOptions

export const handler: Handler<JoinOptions> = async ({ context, args, options }) => {
  const text = args[0] === '-' ? await context.readInput() : (args[0] ?? '')
  const invite = await context.library.readInvite(text)
  const known = await context.library.findHome(options.home)
  if (known != null) return await rejoin(context, known, invite, options)
  chosenOptions(context, null, options) // throws where no data is given: the invite would be used up for nothing
  const invitation = await context.library.knock(invite.text, { signal: context.signal })
  await show(context, invitation, options)
  if (!options.yes && !(await agreed(context, options))) return exitCodes.failure
  const passphrase = newPassphrase(context)
  await invitation.accept({ home: options.home, ...(passphrase == null ? {} : { passphrase }) })
  return await runPeer(context, await context.library.openHome(options.home), options)
}

/** The same invite twice is a start; another federation needs another home. */
async function rejoin(
  context: CommandContext,
  home: HomeInfo,
  invite: InviteSummary,
  options: Options
): Promise<ReturnType<typeof runPeer>> {
  const { name } = home.manifest.value
  if (home.manifest.cid.toString() !== invite.federation) {
    throw new UserError(
      `${home.dir} belongs to the federation "${name}" (${home.manifest.cid.toString()}), ` +
        `the invite is for "${invite.name}" (${invite.federation}). Join with another --home <dir>.`,
      { exitCode: exitCodes.refused }
    )
  }
  context.stderr.write(`You are a member of "${printable(name)}" already: starting.\n`)
  return await runPeer(context, home, options)
}

/** The manifest in plain words and what is in the data, before anybody is asked. */
async function show(context: CommandContext, { manifest }: Invitation, options: Options): Promise<void> {
  const data = options.train ? dataOf(options, context.cwd) : undefined
  const about = data == null ? [] : await context.library.describeData(data, manifest.value)
  if (options.json) {
    const { name } = manifest.value
    context.stdout.write(
      eventLine('manifest', context.now(), { federation: manifest.cid, name, data: about })
    )
    return
  }
  const lines = [
    ...describeManifest(manifest),
    ...(about.length > 0 ? ['', 'What you bring:', ...about] : [])
  ]
  context.stdout.write(`${block(lines, context.stdout)}\n\n`)
}

async function agreed(context: CommandContext, options: Options): Promise<boolean> {
  const answer = options.json
    ? null
    : await context.confirm('Join, and train this model on your data? [y/N] ')
  if (answer == null) {
    throw new UsageError(
      'Nobody is here to be asked. Read the manifest, then run the same command with --yes.'
    )
  }
  if (!answer) context.stdout.write('Not joined. Nothing was written and nothing was sent.\n')
  return answer
}
