/** Plays a history on the fast stage: the real machine in thin peers. */
import { acts, StalledError } from './stage/acts.ts'
import { ViolationError } from './checker/checker.ts'
import { Simulation } from './simulation.ts'
import type { History } from './history.ts'

export interface Outcome {
  /** Null: all held. */
  failure: ViolationError | StalledError | null
  /** Heights that were committed. */
  rounds: number
  events: number
  simulation: Simulation
}

/** Play a history; what fails is an outcome, what throws besides is a defect of the simulation. */
export function play(history: History): Outcome {
  const simulation = new Simulation(history)
  const { observer } = simulation
  const decided = (): Simulation['peers'][0]['position'][] =>
    [...observer.decided.values()].map(({ position }) => position)
  let failure: Outcome['failure'] = null
  try {
    for (const _ of acts(simulation, { decided }));
  } catch (error) {
    failure = expected(error)
  }
  return { failure, rounds: observer.decided.size - 1, events: simulation.events, simulation }
}

/** What a history may fail with. @throws anything else */
export function expected(error: unknown): ViolationError | StalledError {
  if (error instanceof ViolationError || error instanceof StalledError) return error
  throw error
}
