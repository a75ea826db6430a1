/** Four honest `murmur` processes and one hostile member, under `byzantine`. */
import { join } from 'node:path'
import { expect } from 'chai'
import { LOCAL } from '../world.ts'
import type { JsonEvent, MurmurProcess } from '../process.ts'
import type { World } from '../world.ts'
import type { MemberStatus } from '../../../peers/node/types.ts'
import type { Lie } from './lies.ts'

const MEMBERS = 5
const HONEST = ['ada', 'ben', 'cleo', 'dan']
/** Of the hidden layer: a payload larger than what travels inside its update. */
const HIDDEN = 400

export interface HostileFederation {
  honest: MurmurProcess[]
  hostile: MurmurProcess
  hostileId: string
}

/** All have joined, and the fifth has begun to lie. `strategy` null: the fifth is honest too. */
export async function withHostile(world: World, strategy: Lie | null): Promise<HostileFederation> {
  const honest = await world.federation(HONEST, {
    members: MEMBERS,
    also: {
      model: { architecture: { preset: 'mlp', hidden: [HIDDEN] } },
      membership: { faultModel: 'byzantine', banRounds: 1000 },
      // As SECURITY.md advises: near the largest honest data set, a few times what an honest update has.
      aggregation: { maxSamples: 200, maxNorm: 50 }
    }
  })
  return await joinedBy(world, honest, { name: 'eve', strategy })
}

/** One more has joined the honest, and has begun to lie. */
export async function joinedBy(
  world: World,
  honest: MurmurProcess[],
  { name, strategy }: { name: string; strategy: Lie | null }
): Promise<HostileFederation> {
  const invite = await world.invite(HONEST[0])
  const hostile = startOne(world, strategy, { name, invite, data: world.path('tiny.csv') })
  const { peerId } = await hostile.event('start')
  if (strategy != null) await hostile.event('lies')
  return { honest, hostile, hostileId: String(peerId) }
}

function startOne(
  world: World,
  strategy: Lie | null,
  { name, invite, data }: { name: string; invite: string; data: string }
): MurmurProcess {
  if (strategy == null) return world.start(name, ['join', invite, '--yes', '--data', data, ...LOCAL])
  const args = ['--home', world.path(name), '--invite', invite, '--data', data, '--strategy', strategy]
  return world.script(name, join(import.meta.dirname, 'member.ts'), args)
}

/** What `murmur peers` of an honest member says of one. */
export async function memberAt(world: World, name: string, peerId: string): Promise<MemberStatus> {
  const { json } = await world.murmur(['peers', '--home', world.path(name), '--json'])
  const found = json.find((member) => member['peerId'] === peerId)
  if (found == null) throw new Error(`murmur peers of ${name} does not list ${peerId}`)
  return found as unknown as MemberStatus
}

/** Resolves with the commit that carries the proof against it. */
export async function provenGuilty({ honest, hostileId }: HostileFederation): Promise<JsonEvent> {
  const isProof = (commit: JsonEvent): boolean =>
    (commit['evidence'] as { offender: string }[]).some(({ offender }) => offender === hostileId)
  return await honest[0].event('commit', isProof)
}

/** Resolves when all the honest have turned it away, each by itself. */
export async function turnedAway({ honest, hostileId }: HostileFederation): Promise<void> {
  const isTurned = (event: JsonEvent): boolean =>
    event['peerId'] === hostileId && event['local'] === true && event['code'] === 'misbehaved'
  await Promise.all(honest.map((peer) => peer.event('member:refused', isTurned)))
}

export interface Progress {
  roundsPerSecond: number
  accuracy: number
}

/** The honest go so many rounds further, together. */
export async function progress({ honest }: HostileFederation, rounds: number): Promise<Progress> {
  const from = Math.max(...honest.map(({ round }) => round))
  const start = await honest[0].commit(from)
  const commits = await Promise.all(honest.map((peer) => peer.commit(from + rounds)))
  expect(new Set(commits.map(({ cid }) => cid)), `commits of round ${from + rounds}`).to.have.length(1)
  const { accuracy } = commits[0]['evaluation'] as { accuracy: number }
  const seconds = (Number(commits[0]['time']) - Number(start['time'])) / 1000
  return { roundsPerSecond: rounds / seconds, accuracy }
}
