/**
 * Every prefix of what a peer writes. A calm-enough history is played once, and every moment noted at which the victim's
 * disk changes; then again for each of these moments and each outcome of the writes under way (there, or lost: torn ones
 * are lost as a whole, see VirtualDisk): the power goes, the peer comes back, and what must hold is looked at.
 */
import * as dagCbor from '@ipld/dag-cbor'
import { EngineStage } from '../../peers/simulated/engine/index.ts'
import { StalledError, ViolationError } from '../../peers/simulated/index.ts'
import { Ledger } from '../../src/state/index.ts'
import { virtualStore } from '../../peers/simulated/engine/store.ts'
import { drain } from './drain.ts'
import { calmHistory } from './scenario.ts'
import type { EngineActor } from '../../peers/simulated/engine/actor.ts'
import type { History } from '../../peers/simulated/index.ts'

/** The power goes after so many events; of the writes under way these survive, one bit each. */
export interface Outage {
  event: number
  survivors: number
  /** How many were under way. */
  pending: number
}

export interface Plan {
  history: History
  /** Index of the peer whose power goes. */
  victim: number
  /** Power goes at any moment until everybody is this far. */
  heights: number
  /** How long it is gone. */
  downMs: number
}

/** What the victim wrote, so that a test can tell whether it was worth it. */
export interface Written {
  outages: Outage[]
  /** Keys, in the order of the writes. */
  keys: string[]
  /** A lock that it had on disk when it voted in a later view. */
  keptLock: boolean
  /** Commits of everybody that carry evidence. */
  evidence: number
  /** Rosters of everybody, by their sizes. */
  rosters: number[]
}

const PATIENCE_MS = 120_000

/** Weather and time-outs such that views change after some have locked; `byzantine` has a fourth peer, which lies. */
export function hastyHistory(seed: number, faultModel: 'crash' | 'byzantine'): History {
  const weather = { delayMs: [5, 60], duplication: 0.05 } as const
  const options = { seed, faultModel, proposeMs: 200, trainMs: 50 }
  if (faultModel === 'crash')
    return calmHistory({ ...options, voteMs: 20, peers: 3, members: 3, weather: { ...weather, loss: 0.1 } })
  const liars: History['liars'] = [{ peer: 3, strategies: ['vote-twice', 'equivocate'] }]
  return calmHistory({ ...options, voteMs: 40, liars, banRounds: 2, weather: { ...weather, loss: 0.05 } })
}

/** Play the history to its end, and note all moments that differ for the victim's disk. */
export async function outagesOf(plan: Plan): Promise<Written> {
  const stage = await begin(plan.history)
  const { disk } = stage.peers[plan.victim]
  const outages: Outage[] = []
  const keys: string[] = []
  let keptLock = false
  let before = disk.pending
  let event = 0
  while (!isThere(stage, plan.heights)) {
    await step(stage)
    event++
    const now = disk.pending
    if (now.length === before.length && now.every((one, i) => one === before[i])) continue
    for (const { key, value } of now.filter((one) => !before.includes(one)).flat()) {
      keys.push(key)
      if (key.startsWith('votes/') && value != null) keptLock ||= isLockKept(value)
    }
    before = now
    outages.push(...outcomes(event, now.length))
  }
  stop(stage)
  const decided = stage.watch.decided.map(({ tip }) => tip.body)
  const evidence = decided.filter((body) => (body.evidence ?? []).length > 0).length
  return { outages, keys, keptLock, evidence, rosters: decided.map(({ roster }) => roster.length) }
}

/** Play it to one outage, let the victim come back, and go on until all are past it. @throws what does not hold */
export async function sitOut({ history, victim, downMs }: Plan, outage: Outage): Promise<void> {
  const stage = await begin(history)
  try {
    for (let event = 0; event < outage.event; event++) await step(stage)
    const peer = stage.peers[victim]
    const told = peer.committed
    peer.disk.crash((nth) => (outage.survivors & (1 << nth)) !== 0)
    stage.crash(victim)
    const found = await ledgerOf(peer)
    if (found.length < told)
      throw new ViolationError(`it told of height ${told}, and has ${found.length} commits on disk`)
    stage.time.after(downMs, () => stage.restart(victim))
    const goal = Math.max(...stage.peers.map(({ committed }) => committed), found.length) + 1
    const endsAt = stage.now() + PATIENCE_MS
    while (!isThere(stage, goal)) {
      await step(stage)
      if (stage.now() > endsAt) throw new StalledError(stage.describe().join('\n'))
    }
    await compare(stage, { victim, found, goal })
  } finally {
    stop(stage)
  }
}

/** What was on disk is the beginning of what everybody has, and what the victim has now is the same. */
async function compare(
  stage: EngineStage,
  { victim, found, goal }: { victim: number; found: string[]; goal: number }
): Promise<void> {
  const decided = stage.watch.decided.slice(1).map(({ tip }) => tip.cid.toString())
  const peers = stage.peers.filter((peer) => !stage.isLiar(peer))
  const ledgers = await Promise.all(peers.map(ledgerOf))
  for (const [i, ledger] of [found, ...ledgers].entries()) {
    const whose = i === 0 ? `${victim} at the outage` : `${peers[i - 1].index} at the end`
    const wrong = ledger.findIndex((cid, at) => cid !== decided[at])
    if (wrong !== -1) throw new ViolationError(`height ${wrong + 1} of ${whose} is another commit`)
    if (i > 0 && ledger.length < goal) throw new ViolationError(`the ledger of ${whose} ends too early`)
  }
}

async function begin(history: History): Promise<EngineStage> {
  return (await EngineStage.create(history)).start()
}

async function step(stage: EngineStage): Promise<void> {
  if (!stage.next()) throw new StalledError('nothing happens any more')
  await drain()
  stage.rethrow()
}

function stop(stage: EngineStage): void {
  for (const { engine } of stage.peers) engine?.stop()
}

function isThere(stage: EngineStage, height: number): boolean {
  return stage.peers.every((peer) => stage.isLiar(peer) || (peer.up && peer.committed >= height))
}

function outcomes(event: number, pending: number): Outage[] {
  return Array.from({ length: 2 ** pending }, (_, survivors) => ({ event, survivors, pending }))
}

/** Commits on the disk, from height 1 on. */
async function ledgerOf({ disk }: EngineActor): Promise<string[]> {
  const cids: string[] = []
  for await (const { cid } of new Ledger(virtualStore(disk)).range(1)) cids.push(cid.toString())
  return cids
}

function isLockKept(voteRecord: Uint8Array): boolean {
  const { view, locked } = dagCbor.decode<{ view: number; locked: { view: number } | null }>(voteRecord)
  return locked != null && view > locked.view
}
