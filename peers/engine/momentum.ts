/** What this peer remembers of its own deltas, by worker momentum (src/training/momentum.ts). */
import { keepsMomentum, momentumLength } from '../../src/training/momentum.ts'
import { CountedVectors } from './counted.ts'
import type { CountedInit } from './counted.ts'
import type { Position } from './components.ts'

export class OwnMomentum extends CountedVectors {
  constructor(init: CountedInit) {
    super(init, 'momentum')
  }

  /** As it is for the height after a tip; null: nothing yet, by an algorithm that remembers nothing, or the disk has lost it. */
  async at({ tip, weights }: Pick<Position, 'tip' | 'weights'>): Promise<Float32Array | null> {
    if (!keepsMomentum(tip.manifest.training.client)) return null
    return await this.counted(tip.body.height + 1, { length: momentumLength(weights.length) })
  }
}
