/** How far a height has come, for whoever watches whether it goes on. */
import type { RoundState } from '../../src/rounds/index.ts'

/** Differs whenever the height got any further. */
export function progressOf({ step, view, updates, prevotes, precommits }: RoundState): string {
  const votes = [...prevotes.values(), ...precommits.values()].reduce((sum, inView) => sum + inView.size, 0)
  return [step, view, updates.size, votes].join()
}
