/**
 * Adaptive robust clipping (Allouah et al. 2025, "Adaptive Gradient Clipping for Robust Federated Learning", Algorithm 2): the
 * k = ⌊2 · f/n · (n − f)⌋ longest deltas are shortened to the length of the next one. Cost n·d.
 */
import { clippedTo, scaled } from './clipping.ts'
import type { Preparation } from '../rule.ts'

/** @param f - members that may lie */
export function arc(f: number): Preparation {
  return {
    name: 'arc',
    minDeltas: 2 * f + 1,
    needsDistances: true,
    countAfter: (count) => count,
    mix(distances) {
      const { count } = distances
      const norms = Array.from({ length: count }, (_, i) => distances.norm(i))
      const clipped = Math.floor((2 * f * (count - f)) / count)
      const bound = [...norms].sort((a, b) => a - b)[count - clipped - 1]
      return scaled(count, (i) => clippedTo(bound, norms[i]))
    }
  }
}
