/** This peer's own control, by algorithms that keep them (src/training/controls.ts). */
import { keepsControls } from '../../src/aggregation/index.ts'
import { controlsAt } from '../../src/rounds/index.ts'
import { CountedVectors } from './counted.ts'
import type { CountedInit } from './counted.ts'
import type { Position } from './components.ts'
import type { Controls } from '../../src/training/controls.ts'

export class OwnControls extends CountedVectors {
  constructor(init: CountedInit) {
    super(init, 'controls')
  }

  /**
   * What the height after a tip begins with; null by an algorithm that keeps no controls. Where the disk has lost the own one
   * it is zeros; the common one keeps a trace of it until somebody leaves.
   */
  async at({ tip, weights, moments }: Position): Promise<Controls | null> {
    if (!keepsControls(tip.manifest.training.client.name)) return null
    const { kept, since } = controlsAt(tip)
    const { length } = weights
    const common = moments.subarray(moments.length - length)
    return { common, kept, own: await this.counted(tip.body.height + 1, { length, since }) }
  }
}
