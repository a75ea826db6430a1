/** Plays histories against a mutant until one fails. */
import { drain } from '../drain.ts'
import { loadMutant } from './load.ts'
import type { Mutant } from './list.ts'

export interface Catch {
  seed: number
  failure: string
}

/** The first seed whose history fails, or null. */
export async function hunt(
  mutant: Mutant,
  { first, seeds }: { first: number; seeds: number }
): Promise<Catch | null> {
  const { drawHistory, play, playEngines } = await loadMutant(mutant)
  const { faultModel, committees } = mutant
  for (let seed = first; seed < first + seeds; seed++) {
    const drawn = drawHistory(seed, { faultModel, committees })
    const liars = drawn.liars.map((liar) => ({ ...liar, strategies: mutant.strategies ?? liar.strategies }))
    const history = { ...drawn, liars }
    const { failure } = playEngines == null ? play(history) : await playEngines(history, drain)
    if (failure != null) return { seed, failure: `${failure.name}: ${failure.message}` }
  }
  return null
}
