import { parseAddress, parseDuration, parseInteger } from '../../output/parse.ts'
import type { OptionSpec } from '../../command.ts'

/** Options of `murmur invite`. */
export interface InviteFlags {
  role: 'member' | 'admin'
  expires: number
  uses: number
  address?: string[]
  qr: boolean
}

const WEEK = '7d'

export const inviteOptions: OptionSpec[] = [
  {
    flags: '--role <role>',
    description: 'What the new member may be.',
    choices: ['member', 'admin'],
    default: 'member'
  },
  {
    flags: '--expires <duration>',
    description: `For how long it is good, e.g. 12h (default: ${WEEK}).`,
    default: parseDuration(WEEK),
    parse: parseDuration
  },
  {
    flags: '--uses <n>',
    description: 'How many may join with it.',
    default: 1,
    parse: parseInteger('--uses', 1, 10_000)
  },
  {
    flags: '--address <address>',
    description: 'Multiaddr to put in, instead of those of the running peer; may be given several times.',
    parse: parseAddress,
    repeatable: true
  },
  { flags: '--no-qr', description: 'Print no QR code.' }
]
