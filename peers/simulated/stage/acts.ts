/** The acts of a history, on any stage: faults first, then proof of progress without them. Yields after each event. */
import { quorumSize } from '../../../src/rounds/index.ts'
import { strike } from './faults.ts'
import type { History } from '../history.ts'
import type { Weather } from './network.ts'
import type { Actor, Stage } from './stage.ts'
import type { Height, LedgerTip } from '../../../src/rounds/index.ts'

/** No progress though nothing is wrong any more. */
export class StalledError extends Error {
  static override name = 'StalledError'

  constructor(what: string) {
    super(what)
    this.name = 'StalledError'
  }
}

/** A commit, and the height it opens. */
export interface OpenHeight {
  tip: LedgerTip
  height: Height
}

export interface ActsOptions {
  /** What was committed so far, by height from 0 on. */
  decided: () => readonly OpenHeight[]
  /** Heights that must follow once the faults are over. */
  heightsAfter?: number
}

const HEIGHTS_AFTER = 2
const PATIENCE_MS = 600_000
/** Some loss remains: it is no fault, and everything must heal it. */
const CALM: Weather = { delayMs: [1, 50], loss: 0.02, duplication: 0.02 }

/** @throws {StalledError} */
export function* acts<P extends Actor>(stage: Stage<P>, options: ActsOptions): Generator<void, void> {
  const { history, time } = stage
  for (const fault of history.faults) {
    time.after(fault.atMs, () => time.after(fault.forMs, strike(stage, fault)))
  }
  stage.start()
  yield* eventsUntil(stage, () => stage.now() > history.faultyMs)
  stage.setWeather(CALM)
  const gone = bury(stage, options)
  yield* progress(stage, options)
  for (const peer of gone) stage.restart(peer)
  yield* progress(stage, options)
  yield* judgement(stage)
}

/**
 * As many members as may be gone for good are, besides the liars: of every roster that somebody still works with, and
 * where those that the next commit may drop for their absence count as gone as well.
 */
function bury<P extends Actor>(stage: Stage<P>, { decided }: ActsOptions): number[] {
  const { history, peers } = stage
  const correct = peers.filter((peer) => !stage.isLiar(peer))
  const lowest = Math.min(...correct.map((peer) => peer.committed))
  const opened = decided().slice(lowest)
  const gone: number[] = []
  for (const index of history.mortality) {
    const ids = [...gone, index].map((one) => peers[one].id)
    if (!stage.isLiar(peers[index]) && opened.every((one) => bears(history, one, ids))) gone.push(index)
  }
  for (const index of gone) stage.crash(index)
  return gone
}

/** Does this roster bear it that these are gone? */
function bears(history: History, { height, tip }: OpenHeight, gone: readonly string[]): boolean {
  const { faultModel, maxMissed } = history.federation
  const size = height.roster.length
  const absent = tip.body.roster.filter(({ missed }) => missed + 1 >= maxMissed).length
  // Who is gone and not a member counts: it may have asked to join before.
  const lost = gone.length + history.liars.length
  return lost + absent <= size - quorumSize(size, faultModel)
}

/** All correct peers that are up get so many heights further than the furthest is, or wait for members together. */
function* progress<P extends Actor>(stage: Stage<P>, options: ActsOptions): Generator<void, void> {
  const correct = stage.peers.filter((peer) => !stage.isLiar(peer))
  const furthest = Math.max(...correct.map((peer) => peer.committed))
  const goal = furthest + (options.heightsAfter ?? HEIGHTS_AFTER)
  const endsAt = stage.now() + PATIENCE_MS
  const isThere = (): boolean => correct.every((peer) => !peer.up || peer.committed >= goal)
  yield* eventsUntil(stage, () => isThere() || stage.now() > endsAt)
  const up = correct.filter((peer) => peer.up)
  if (!isThere() && !isWaiting(up, options.decided()))
    throw new StalledError(`height ${goal} was not reached in ${PATIENCE_MS} virtual ms`)
}

/** Are all of these members of a height that trains nothing, as members are missing, and nobody has any other business? */
function isWaiting(up: readonly Actor[], decided: readonly OpenHeight[]): boolean {
  const last = decided.at(-1)
  if (last?.height.mode !== 'membership') return false
  const members = new Set(last.height.roster)
  return up.every((peer) => members.has(peer.id) && peer.committed === last.height.height - 1)
}

/** Whoever is proven to have lied, to anybody who is correct, gets into the ledger for it. */
function* judgement<P extends Actor>(stage: Stage<P>): Generator<void, void> {
  const correct = stage.peers.filter((peer) => !stage.isLiar(peer))
  const endsAt = stage.now() + PATIENCE_MS
  const isDone = (): boolean => !correct.some((peer) => peer.up && stage.isOutstanding(peer))
  yield* eventsUntil(stage, () => isDone() || stage.now() > endsAt)
  if (!isDone()) throw new StalledError(`evidence did not get into the ledger in ${PATIENCE_MS} virtual ms`)
}

function* eventsUntil<P extends Actor>(stage: Stage<P>, isOver: () => boolean): Generator<void, void> {
  while (!isOver()) {
    if (!stage.next()) throw new StalledError('nothing happens any more')
    yield
  }
}
