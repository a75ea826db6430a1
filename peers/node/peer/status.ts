/** What a running peer looks like from outside: one snapshot made from its parts. */
import { banInForce, quorumSize } from '../../../src/rounds/index.ts'
import { activeMembers } from '../../../src/federation/membership.ts'
import { branchOf, forkOf, heardOf, undecided } from './recovery.ts'
import type { EngineSnapshot } from '../../engine/events.ts'
import type { MemberBan, MemberStatus, PeerStatus, Phase } from '../types.ts'
import type { MembershipState } from '../../../src/federation/membership.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'
import type { Ban, Metrics } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { TrainerInfo } from '../../../src/training/types.ts'

export interface StatusInput {
  self: string
  manifest: Signed<Manifest>
  engine: EngineSnapshot
  membership: MembershipState
  connected: readonly string[]
  stopped: boolean
  latencyMs: (peerId: string) => number | null
  /** What this peer alone holds against it, and for how long it still does. */
  banOf: (peerId: string) => { reason: string; leftMs: number } | undefined
  /** ms since the epoch. */
  now: number
  addressesOf: (peerId: string) => string[]
  /** Its own; libp2p works them out anew each time. */
  addresses: () => string[]
  bytes: { bytesIn: number; bytesOut: number }
  ownEvaluation: Metrics | null
  /** Durations of recent rounds, ms. */
  roundsMs: readonly number[]
  trainer: TrainerInfo | null
}

export function peerStatus(input: StatusInput): PeerStatus {
  const { engine, manifest } = input
  const { tip } = engine
  const rounds = manifest.value.rounds.stop.rounds
  const round = tip?.body.round ?? 0
  const roundMs = input.roundsMs.length === 0 ? null : average(input.roundsMs)
  return {
    peerId: input.self,
    federation: manifest.cid.toString(),
    name: manifest.value.name,
    phase: phaseOf(input),
    waitingFor: waitingFor(input),
    height: tip?.body.height ?? 0,
    commit: tip == null || tip.body.height === 0 ? null : tip.cid.toString(),
    round,
    rounds,
    view: engine.view,
    evaluation: tip == null || Object.keys(tip.body.evaluation).length === 0 ? null : tip.body.evaluation,
    ownEvaluation: input.ownEvaluation,
    members: members(input),
    addresses: input.addresses(),
    ...input.bytes,
    roundMs,
    etaMs: roundMs == null || engine.finished ? null : roundMs * (rounds - round),
    trainer: input.trainer,
    branch: branchOf(input.membership.recoveries),
    recoveries: engine.recoveries.map(heardOf),
    forks: engine.forks.map(forkOf)
  }
}

/** What a person would say the peer is doing. */
export function phaseOf({
  engine,
  stopped,
  connected,
  self
}: Pick<StatusInput, 'engine' | 'stopped' | 'connected' | 'self'>): Phase {
  if (stopped) return 'stopped'
  if (engine.paused) return 'waiting'
  const isIn = engine.settled && isInRoster(engine, self)
  if (engine.tip == null || (!isIn && !engine.finished && connected.length === 0)) return 'connecting'
  if (!engine.settled) return 'catching-up'
  if (engine.finished) return 'finished'
  if (engine.mode === 'membership') return engine.step === 'idle' ? 'waiting' : 'agreeing'
  if (engine.step === 'collect') return engine.training ? 'training' : 'collecting'
  return 'agreeing'
}

/** Null while all is well; else a sentence that says what has to happen. */
export function waitingFor(input: StatusInput): string | null {
  const { engine, self } = input
  if (input.stopped || engine.tip == null) return null
  if (engine.paused) return undecided(engine.recoveries)
  if (engine.finished) return waitingForModel(input)
  if (engine.disk != null) return `a disk that takes what this peer writes: ${engine.disk}`
  const roster = engine.tip.body.roster.map((entry) => entry.peer)
  const ban = banInForce(engine.tip.body, self)
  if (ban != null) return endOfBan(ban)
  if (!isInRoster(engine, self)) {
    return input.connected.length === 0
      ? 'a connection to a member of the federation'
      : (waitingForModel(input) ?? 'the others to admit this peer with their next commit')
  }
  const model = waitingForModel(input)
  if (model != null) return model
  return (
    waitingForMembers(input) ??
    waitingForQuorum(input, roster) ??
    waitingForClock(engine, roster) ??
    waitingForVotes(input, roster) ??
    waitingForUpdates(input)
  )
}

/** The usual cause is no malice: one identity used twice. */
function endOfBan({ since, until }: Ban): string {
  return `height ${until}, before which it may not return: it voted twice in one step, as the commit of height ${since} proves. Do two peers run with this identity, or was it restored from an old copy?`
}

function waitingForModel({ engine, connected }: StatusInput): string | null {
  if (engine.settled || !engine.lacksModel) return null
  const height = engine.tip?.body.height ?? 0
  const count = connected.length
  const holders =
    count === 0
      ? 'a member that has it'
      : `another member: ${count} connected, and ${count === 1 ? 'it does not have it' : 'none has it'}`
  return `the model of height ${height}, from ${holders}`
}

function isInRoster({ tip }: EngineSnapshot, self: string): boolean {
  return tip?.body.roster.some((entry) => entry.peer === self) ?? false
}

function waitingForMembers({ engine, manifest }: StatusInput): string | null {
  if (engine.mode === 'train') return null
  const { startMembers, minContributors } = manifest.value.rounds
  const roster = engine.tip?.body.roster ?? []
  const trainers = roster.filter((entry) => entry.observes !== true).length
  const isStarted = (engine.tip?.body.round ?? 0) > 0
  if (!isStarted && roster.length < startMembers) return moreMembers(roster.length, startMembers)
  if (trainers >= minContributors) return null
  return moreMembers(trainers, minContributors, trainers < roster.length)
}

function moreMembers(here: number, needed: number, mustTrain = false): string {
  const missing = needed - here
  const kind = !mustTrain ? '' : missing === 1 ? ' that trains' : ' that train'
  return `${missing} more member${missing === 1 ? '' : 's'}${kind}: ${here} of ${needed} are here`
}

function waitingForQuorum(
  { manifest, connected, self }: StatusInput,
  roster: readonly string[]
): string | null {
  const reachable = roster.filter((peer) => peer === self || connected.includes(peer))
  const needed = quorumSize(roster.length, manifest.value.membership.faultModel)
  if (reachable.length >= needed) return null
  const missing = roster.filter((peer) => !reachable.includes(peer))
  return `a quorum: ${reachable.length} of ${needed} needed members are connected; missing ${missing.join(', ')}`
}

/** One member against this one may be wrong, or right; several that agree are held for right. */
function waitingForClock({ clocks, tip, view }: EngineSnapshot, roster: readonly string[]): string | null {
  for (const some of [clocks.filter(isAhead), clocks.filter((one) => !isAhead(one))])
    if (some.length > 1) return ownClock(some)
  const height = (tip?.body.height ?? 0) + 1
  // Of one that is behind only the others refuse anything, and of one whose view is over nobody waits for anything.
  const one = clocks.find(
    (of) => roster.length === 2 || (isAhead(of) && of.height === height && of.view === view)
  )
  if (one == null) return null
  const [side, consequence] = isAhead(one)
    ? ['ahead of', 'its proposals are refused here']
    : ['behind', 'it refuses what this peer proposes']
  return `the clock of ${one.peer} to be set, or this machine's: it is ${roughly(one.aheadMs)} ${side} this machine's, so ${consequence}`
}

function ownClock(others: EngineSnapshot['clocks']): string {
  const leastMs = Math.min(...others.map(({ aheadMs }) => Math.abs(aheadMs)))
  const names = others.map(({ peer }) => peer).join(', ')
  const said = isAhead(others[0])
    ? `behind those of ${names}, so their proposals are refused here`
    : `ahead of those of ${names}, so they refuse what this peer proposes`
  return `this machine's clock to be set: it is ${roughly(leastMs)} ${said}`
}

function isAhead({ aheadMs }: EngineSnapshot['clocks'][number]): boolean {
  return aheadMs > 0
}

/** Of a clock that is more than five minutes off. */
function roughly(ms: number): string {
  const minutes = Math.abs(ms) / 60_000
  if (minutes < 120) return `${Math.round(minutes)} minutes`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 60 / 24)} days`
}

/** Members may be silent without being disconnected: a network that falls apart tells nobody. */
function waitingForVotes({ engine, manifest }: StatusInput, roster: readonly string[]): string | null {
  if (!engine.quiet || (engine.step !== 'prevote' && engine.step !== 'precommit')) return null
  const silent = roster.filter((peer) => !engine.voted.includes(peer))
  const needed = quorumSize(roster.length, manifest.value.membership.faultModel)
  const heard = roster.length - silent.length
  if (heard >= needed) return null
  return `a quorum: votes of ${heard} of ${needed} needed members are here; silent ${silent.join(', ')}`
}

function waitingForUpdates({ engine, manifest }: StatusInput): string | null {
  const { minContributors } = manifest.value.rounds
  if (engine.step !== 'collect' || !engine.deadlinePassed || engine.updated.length >= minContributors)
    return null
  const none = engine.awaited.length === 0 ? '' : `; none of ${engine.awaited.join(', ')}`
  return `updates: ${engine.updated.length} of the ${minContributors} that a round needs have arrived${none}`
}

function members(input: StatusInput): MemberStatus[] {
  const { membership, engine, self, connected } = input
  const roster = new Map(engine.tip?.body.roster.map((entry) => [entry.peer, entry.missed]) ?? [])
  return activeMembers(membership).map(({ peerId, role }) => ({
    peerId,
    role,
    self: peerId === self,
    connected: peerId === self || connected.includes(peerId),
    inRoster: roster.has(peerId),
    updated: engine.updated.includes(peerId),
    missed: roster.get(peerId) ?? 0,
    latencyMs: peerId === self ? null : input.latencyMs(peerId),
    addresses: peerId === self ? input.addresses() : input.addressesOf(peerId),
    bans: bansOf(input, peerId)
  }))
}

function bansOf({ engine: { tip }, banOf, now }: StatusInput, peerId: string): MemberBan[] {
  const bans: MemberBan[] = []
  const proven = tip == null ? undefined : banInForce(tip.body, peerId)
  if (proven != null) {
    const reason = `it voted twice in one step: the proof is in the commit of height ${proven.since}`
    bans.push({ by: 'ledger', untilHeight: proven.until, reason })
  }
  const own = banOf(peerId)
  if (own != null) bans.push({ by: 'peer', untilMs: Math.round(now + own.leftMs), reason: own.reason })
  return bans
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
