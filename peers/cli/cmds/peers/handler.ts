import { jsonLine } from '../../output/json.ts'
import { renderTable, tableColumns } from '../../output/table.ts'
import { banLines, memberState } from '../../view/members.ts'
import { tellOrigin, withSource } from '../../source.ts'
import type { Handler } from '../../command.ts'
import type { MemberStatus } from '../../../node/types.ts'

export const handler: Handler<object> = async ({ context, options }) => {
  await withSource(context, options, async (source) => {
    const { members } = await source.status()
    tellOrigin(context, options, source)
    if (options.json) for (const member of members) context.stdout.write(jsonLine({ ...member }))
    else
      context.stdout.write(`${[table(members, context.stdout), ...members.flatMap(banLines)].join('\n')}\n`)
  })
  return undefined
}

/** Ids are shown in full, since `revoke` takes them; addresses are cut where the terminal is narrow. */
function table(members: MemberStatus[], stdout: { isTTY: boolean; columns: number }): string {
  return renderTable({
    head: ['peer', 'role', 'state', 'latency', 'missed', 'addresses'],
    rows: members.map((member) => [
      member.peerId,
      member.role,
      memberState(member),
      member.latencyMs == null ? '' : `${Math.round(member.latencyMs)} ms`,
      String(member.missed),
      member.addresses.join(' ')
    ]),
    right: [3, 4],
    whole: [0],
    columns: Math.max(tableColumns(stdout), MIN_COLUMNS)
  })
}

/** A whole peer id (52), and room for the short columns. */
const MIN_COLUMNS = 100
