/** Plays a history on the slow stage. */
import { acts } from '../stage/acts.ts'
import { expected } from '../play.ts'
import { EngineStage } from './stage.ts'
import type { Outcome } from '../play.ts'
import type { History } from '../history.ts'

export interface EngineOutcome {
  failure: Outcome['failure']
  rounds: number
  events: number
  stage: EngineStage
}

/**
 * Play a history with real engines and real signatures: some hundred times slower than `play`.
 *
 * @param drain - lets all promises settle that can, e.g. one turn of the host's event loop
 */
export async function playEngines(history: History, drain: () => Promise<void>): Promise<EngineOutcome> {
  const stage = await EngineStage.create(history)
  let failure: Outcome['failure'] = null
  try {
    for (const _ of acts(stage, { decided: () => stage.watch.decided })) {
      await drain()
      stage.rethrow()
    }
  } catch (error) {
    failure = expected(error)
  } finally {
    for (const peer of stage.peers) peer.engine?.stop()
  }
  return { failure, rounds: stage.watch.decided.length - 1, events: stage.events, stage }
}
