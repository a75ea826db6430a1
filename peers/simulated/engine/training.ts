/** What simulated peers train: known to whoever checks. */
import { seededRandom, uniform } from '../../../src/random.ts'

/** How the mean of what they train moves the model: by one with a state, which must go wherever the model goes. */
export const SERVER_OPTIMIZER = {
  name: 'momentum',
  learningRate: 0.5,
  momentum: 0.5,
  nesterov: true
} as const

/** What a peer trains in a round: the same after a restart. */
export function deltaOf(seed: number, of: { peer: number; round: number; length: number }): Float32Array {
  const random = seededRandom(seed, 3, of.peer, of.round)
  return Float32Array.from({ length: of.length }, () => uniform(random) - 0.5)
}

/** How many examples a peer trains on. */
export function samplesOf(peer: number): number {
  return 10 * (peer + 1)
}
