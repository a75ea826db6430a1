/** This peer's own control, by algorithms that keep them (src/training/controls.ts). */
import { keepsControls } from '../../src/aggregation/index.ts'
import { controlsAt } from '../../src/rounds/index.ts'
import { CountedVectors } from './counted.ts'
import type { CountedInit, KeptVector } from './counted.ts'
import type { Position } from './components.ts'
import type { Controls } from '../../src/training/controls.ts'
import type { CID } from 'multiformats/cid'

export class OwnControls {
  readonly #vectors: CountedVectors

  constructor(init: CountedInit) {
    this.#vectors = new CountedVectors(init, 'controls')
  }

  async load(): Promise<void> {
    await this.#vectors.load()
  }

  /** Vectors that may still be wanted: none of their blocks may be deleted. */
  get roots(): CID[] {
    return this.#vectors.roots
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
    return { common, kept, own: await this.#vectors.at(tip.body.height + 1, { length, since }) }
  }

  /** Keep what the own control is if an update counts. On disk when it resolves: only then may others see the update. */
  async keep(made: KeptVector): Promise<void> {
    await this.#vectors.keep(made)
  }
}
