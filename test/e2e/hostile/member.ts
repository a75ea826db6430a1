/**
 * A hostile member as a process of its own: a real peer's parts, bent to one strategy (see lies.ts). Joins, behaves
 * until the roster is whole and a round is done, and lies from then on. Writes events as `murmur --json` does.
 */
import { parseArgs } from 'node:util'
import { openParts } from '../../../peers/node/peer/parts.ts'
import { joinFederation } from '../../../peers/node/joining.ts'
import { Contacts } from '../../../peers/node/network/contacts.ts'
import { activeMembers } from '../../../src/federation/membership.ts'
import { bend } from './lies.ts'
import type { Lie } from './lies.ts'
import type { Parts } from '../../../peers/node/peer/parts.ts'

const { values } = parseArgs({
  options: {
    home: { type: 'string', default: '' },
    invite: { type: 'string', default: '' },
    data: { type: 'string', default: '' },
    strategy: { type: 'string', default: '' },
    /** Lies once so many are in the roster. */
    members: { type: 'string', default: '5' }
  }
})

const PATIENCE_MS = 1_000

function tell(event: string, detail: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, time: Date.now(), ...detail })}\n`)
}

function contactsOf(parts: Parts): Contacts {
  const { node, links, inquiry, silence, bootstrap, engine } = parts
  return new Contacts({
    node,
    links,
    inquiry,
    silence,
    bootstrap,
    remember: () => {},
    onMembers: (_, answering) => engine.setConnected(answering),
    patienceMs: () => PATIENCE_MS,
    onHead: () => {},
    onMember: (peerId, connected) => tell(connected ? 'member:connect' : 'member:disconnect', { peerId }),
    onRefused: (refusal) => tell('member:refused', refusal)
  })
}

/** Those who start it end it. */
process.stdin.on('close', () => process.exit(0)).resume()

const { home, invite, strategy, data } = values
await joinFederation({ home, invite })
/** It may hear of addresses before there is anybody to dial them. */
const late: { contacts?: Contacts } = {}
const parts = await openParts(
  { home, data: { path: data }, listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false },
  {
    onMembership: () => {
      for (const { peerId } of activeMembers(parts.membership.state)) parts.links.want(peerId)
    },
    onAddresses: (peerId, addresses) => late.contacts?.hear(peerId, addresses),
    onBan: () => {},
    onDamaged: () => {},
    onError: (error) => tell('error', { message: error.message })
  }
)
const { engine, node, talk } = parts
let isLying = false
engine.addEventListener('commit', ({ detail: { tip } }) => {
  const { height, round, roster } = tip.body
  tell('commit', { height, round, cid: tip.cid.toString(), roster: roster.map(({ peer }) => peer) })
  if (isLying || roster.length < Number(values.members) || round === 0) return
  isLying = true
  tell('lies', { strategy, height })
})
engine.addEventListener('error', ({ detail: { error } }) => tell('error', { message: error.message }))
await bend(parts, { strategy: strategy as Lie, isLying: () => isLying })
late.contacts = contactsOf(parts)
await node.start()
await talk.start()
engine.start()
late.contacts.start()
tell('start', { peerId: parts.self })
