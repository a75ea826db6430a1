import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { requirePeer } from '../../control.ts'
import { exitCodes, UsageError } from '../../output/exit.ts'
import { formatDateTime, plural } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { printable } from '../../output/width.ts'
import type { Handler } from '../../command.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { ExitCode } from '../../output/exit.ts'
import type { ControlClient } from '../../library/types.ts'
import type { HeardRecoveryStatus, PeerStatus } from '../../../node/types.ts'
import type { RecoverFlags } from './options.ts'

type Options = RecoverFlags & GlobalOptions

export const handler: Handler<RecoverFlags> = async ({ context, options }) => {
  if (options.follow && options.refuse) throw new UsageError('Say --follow or --refuse, not both.')
  if (options.file != null && !options.follow) throw new UsageError('--file goes with --follow.')
  const act = options.follow ? follow : options.refuse ? refuse : open
  return await requirePeer(context, options.home, async (peer) => await act(context, peer, options))
}

/** As an admin. */
async function open(
  context: CommandContext,
  peer: ControlClient,
  options: Options
): Promise<ExitCode | undefined> {
  const { reason, member, out } = options
  if (reason == null) throw new UsageError('Say why with --reason <text>: everybody sees it, for ever.')
  const status = await peer.status()
  const members = member == null ? undefined : [...new Set([status.peerId, ...member])]
  const remaining = members ?? status.members.filter(counts).map(({ peerId }) => peerId)
  tell(context, options, openingLines(status, remaining))
  if (!(await agreed(context, options, 'Open a branch without the others? [y/N] '))) return exitCodes.failure
  const record = await peer.recover({ reason, ...(members == null ? {} : { members }) })
  if (out != null) await writeFile(resolve(context.cwd, out), record)
  const { branch } = await peer.status()
  if (options.json)
    context.stdout.write(jsonLine({ recovered: branch, ...(out == null ? {} : { file: out }) }))
  else {
    const file = out == null ? '' : ` The record is in ${out}: murmur recover --follow --file ${out}`
    context.stdout.write(
      `The ledger is a branch from height ${branch?.height ?? status.height + 1} on.${file}\n`
    )
  }
  return undefined
}

const counts = ({ self, inRoster, connected }: PeerStatus['members'][number]): boolean =>
  self || (inRoster && connected)

function openingLines(status: PeerStatus, remaining: readonly string[]): string[] {
  const lost = status.members.filter(({ inRoster, peerId }) => inRoster && !remaining.includes(peerId))
  return [
    `The last commit here is of height ${status.height}. If a member that you leave out has a later one, or comes back`,
    'with others, there will be two histories of this federation that never join again.',
    `Who counts from now on: ${remaining.join(', ')}`,
    `Who counts no longer, until it is let in again: ${lost.map(({ peerId }) => peerId).join(', ') || 'nobody'}`
  ]
}

/** As a member that has heard of it. */
async function follow(
  context: CommandContext,
  peer: ControlClient,
  options: Options
): Promise<ExitCode | undefined> {
  const { commit, file } = options
  const record = file == null ? undefined : new Uint8Array(await readFile(resolve(context.cwd, file)))
  const { recoveries } = await peer.status()
  if (record == null) tell(context, options, recoveries.flatMap(heardLines))
  if (!(await agreed(context, options, 'Follow this branch? [y/N] '))) return exitCodes.failure
  await peer.followRecovery(record == null ? { commit } : { record })
  const { branch } = await peer.status()
  const done = 'Followed. This peer asks to be let in again where the recovery does not list it.'
  context.stdout.write(options.json ? jsonLine({ followed: branch }) : `${done}\n`)
  return undefined
}

async function refuse(context: CommandContext, peer: ControlClient, options: Options): Promise<undefined> {
  await peer.refuseRecovery(options.commit)
  context.stdout.write(
    options.json ? jsonLine({ refused: true }) : 'Refused: this peer votes on as before.\n'
  )
}

function heardLines({ admin, commit, height, members, reason, time }: HeardRecoveryStatus): string[] {
  return [
    `${admin} went on without a quorum after height ${height - 1} (${formatDateTime(time)}), because: ${reason}`,
    `  ${plural(members.length, 'member')} count there: ${members.join(', ')}`,
    `  commit ${commit}`
  ]
}

function tell({ stderr }: CommandContext, { json }: Options, lines: readonly string[]): void {
  if (!json) for (const line of lines) stderr.write(`${printable(line)}\n`)
}

async function agreed(context: CommandContext, options: Options, question: string): Promise<boolean> {
  if (options.yes) return true
  const answer = options.json ? null : await context.confirm(question)
  if (answer == null)
    throw new UsageError('Nobody is here to be asked. If you mean it, run the same command with --yes.')
  if (!answer) context.stdout.write('Nothing was changed.\n')
  return answer
}
