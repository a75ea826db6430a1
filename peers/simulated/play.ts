/** Plays a history to its end: faults first, then proof of progress without them. */
import { quorumSize } from '../../src/rounds/index.ts'
import { strike } from './faults.ts'
import { Simulation } from './simulation.ts'
import { ViolationError } from './checker.ts'
import type { History } from './history.ts'
import type { Weather } from './network.ts'
import type { SimPosition } from './work.ts'

/** No progress though nothing is wrong any more. */
export class StalledError extends Error {
  static override name = 'StalledError'

  constructor(what: string) {
    super(what)
    this.name = 'StalledError'
  }
}

export interface Outcome {
  /** Null: all held. */
  failure: ViolationError | StalledError | null
  /** Heights that were committed. */
  rounds: number
  events: number
  simulation: Simulation
}

/** Heights that must follow once the faults are over. */
const HEIGHTS_AFTER = 2
const PATIENCE_MS = 600_000
/** Some loss remains: it is no fault, and everything must heal it. */
const CALM: Weather = { delayMs: [1, 50], loss: 0.02, duplication: 0.02 }

/** Play a history; what fails is an outcome, what throws besides is a defect of the simulation. */
export function play(history: History): Outcome {
  const simulation = new Simulation(history)
  const failure = failureOf(simulation)
  return { failure, rounds: simulation.observer.decided.size - 1, events: simulation.events, simulation }
}

function failureOf(simulation: Simulation): Outcome['failure'] {
  try {
    run(simulation)
    return null
  } catch (error) {
    if (error instanceof ViolationError || error instanceof StalledError) return error
    throw error
  }
}

function run(simulation: Simulation): void {
  const { history } = simulation
  for (const fault of history.faults) {
    simulation.time.after(fault.atMs, () => simulation.time.after(fault.forMs, strike(simulation, fault)))
  }
  simulation.start()
  runUntil(simulation, () => simulation.now() > history.faultyMs)
  simulation.setWeather(CALM)
  const gone = bury(simulation)
  progress(simulation)
  for (const peer of gone) simulation.restart(peer)
  progress(simulation)
}

/**
 * As many members as may be gone for good are, besides the liars: of every roster that somebody still works with, and
 * where those that the next commit may drop for their absence count as gone as well.
 */
function bury(simulation: Simulation): number[] {
  const { history, observer, peers, federation } = simulation
  const correct = peers.filter((peer) => !simulation.isLiar(peer))
  const lowest = Math.min(...correct.map((peer) => peer.committed))
  const positions = [...observer.decided.values()].slice(lowest).map(({ position }) => position)
  const gone: number[] = []
  for (const index of history.mortality) {
    const ids = [...gone, index].map((one) => federation.ids[one])
    if (!simulation.isLiar(peers[index]) && positions.every((position) => bears(history, position, ids)))
      gone.push(index)
  }
  for (const index of gone) simulation.crash(index)
  return gone
}

/** Does this roster bear it that these are gone? */
function bears(history: History, { height, tip }: SimPosition, gone: readonly string[]): boolean {
  const { faultModel, minContributors, maxMissed } = history.federation
  const size = height.roster.length
  const absent = tip.body.roster.filter(({ missed }) => missed + 1 >= maxMissed).length
  // Who is gone and not a member counts: it may have asked to join before.
  const lost = gone.length + history.liars.length
  const untrained = height.cohort.filter((peer) => gone.includes(peer)).length + history.liars.length
  const isTrained = height.mode === 'membership' || height.cohort.length - untrained >= minContributors
  return lost + absent <= size - quorumSize(size, faultModel) && (isTrained || untrained === 0)
}

/** All correct peers that are up get so many heights further than the furthest is. */
function progress(simulation: Simulation): void {
  const correct = simulation.peers.filter((peer) => !simulation.isLiar(peer))
  const goal = Math.max(...correct.map((peer) => peer.committed)) + HEIGHTS_AFTER
  const endsAt = simulation.now() + PATIENCE_MS
  const isThere = (): boolean => correct.every((peer) => !peer.up || peer.committed >= goal)
  runUntil(simulation, () => isThere() || simulation.now() > endsAt)
  if (!isThere()) throw new StalledError(`height ${goal} was not reached in ${PATIENCE_MS} virtual ms`)
}

function runUntil(simulation: Simulation, isOver: () => boolean): void {
  while (!isOver()) {
    if (!simulation.next()) throw new StalledError('nothing happens any more')
  }
}
