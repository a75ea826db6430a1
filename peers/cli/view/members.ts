/** The member list of the live view: state, latency, who has delivered. */
import { formatDateTime, plural, shortId } from '../output/format.ts'
import { fit, truncate } from '../output/width.ts'
import type { FrameOptions } from './render.ts'
import type { MemberStatus, PeerStatus } from '../../node/types.ts'

/** What a member does, in two words at most. */
export function memberState(member: MemberStatus): string {
  if (member.bans.length > 0) return 'banned'
  if (member.self) return member.updated ? 'done' : 'here'
  if (!member.connected) return member.inRoster ? 'away' : 'left'
  if (!member.inRoster) return 'joining'
  return member.updated ? 'done' : 'connected'
}

/** Why a member is kept out and until when, a sentence for each ban. */
export function banLines({ peerId, bans }: MemberStatus): string[] {
  return bans.map((ban) => {
    const out =
      ban.by === 'ledger'
        ? `is banned by the ledger until height ${ban.untilHeight}`
        : `is refused by this peer until ${formatDateTime(ban.untilMs)}`
    return `${peerId} ${out}: ${ban.reason}`
  })
}

/**
 * A heading and a line for each member, in columns side by side where the terminal is wide; at most `room` lines,
 * and none where there is no room for a single member.
 */
export function memberLines(status: PeerStatus, options: FrameOptions & { room: number }): string[] {
  const { members } = status
  if (options.room < 3) return []
  const across = options.columns >= 100 && members.length > 4 ? 2 : 1
  const width = Math.floor((options.columns - 2 * (across - 1)) / across)
  const connected = members.filter((member) => member.connected || member.self).length
  const heading = options.colors.dim(`${plural(members.length, 'member')}, ${connected} connected`)
  const lines = options.room - 2
  const shown = sorted(members).slice(
    0,
    fitsAll(members, lines, across) ? members.length : (lines - 1) * across
  )
  const body = pack(
    shown.map((member) => memberCell(member, width, options.colors)),
    across
  )
  const left = members.length - shown.length
  return ['', heading, ...body, ...(left > 0 ? [options.colors.dim(`… and ${left} more`)] : [])]
}

function fitsAll(members: unknown[], lines: number, across: number): boolean {
  return Math.ceil(members.length / across) <= lines
}

/** This peer first, then those who count, then by id: a stable order, so that lines do not jump. */
function sorted(members: readonly MemberStatus[]): MemberStatus[] {
  const rank = (member: MemberStatus): number => (member.self ? 0 : member.inRoster ? 1 : 2)
  return [...members].sort((a, b) => rank(a) - rank(b) || (a.peerId < b.peerId ? -1 : 1))
}

function memberCell(member: MemberStatus, width: number, colors: FrameOptions['colors']): string {
  const state = memberState(member)
  const paint = STATE_COLORS[state] ?? 'dim'
  const latency = member.self ? 'you' : member.latencyMs == null ? '' : `${Math.round(member.latencyMs)} ms`
  const missed = member.missed > 0 ? `missed ${member.missed}` : ''
  const dot = state === 'away' || state === 'left' ? '○' : '●'
  const rest = truncate(`${fit(member.role, 9)}${fit(latency, 9, 'right')}  ${missed}`, width - 25)
  return fit(`${colors[paint](`${dot} ${fit(state, 11)}`)}${fit(shortId(member.peerId), 12)}${rest}`, width)
}

const STATE_COLORS: Record<string, 'green' | 'cyan' | 'yellow' | 'red' | 'dim'> = {
  done: 'green',
  here: 'cyan',
  connected: 'cyan',
  joining: 'yellow',
  away: 'red',
  banned: 'red',
  left: 'dim'
}

function pack(cells: string[], across: number): string[] {
  const lines = []
  for (let i = 0; i < cells.length; i += across) {
    lines.push(
      cells
        .slice(i, i + across)
        .join('  ')
        .trimEnd()
    )
  }
  return lines
}
