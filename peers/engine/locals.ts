/** This peer's own values of layers that stay with each member (src/model/local.ts). */
import { localParts, sizeOfParts, withLocal } from '../../src/model/local.ts'
import { CountedVectors } from './counted.ts'
import type { CountedInit, KeptVector } from './counted.ts'
import type { Position } from './components.ts'
import type { CID } from 'multiformats/cid'

export class OwnLocals {
  readonly #vectors: CountedVectors

  constructor(init: CountedInit) {
    this.#vectors = new CountedVectors(init, 'locals')
  }

  async load(): Promise<void> {
    await this.#vectors.load()
  }

  /** Vectors that may still be wanted: none of their blocks may be deleted. */
  get roots(): CID[] {
    return this.#vectors.roots
  }

  /** The model of a tip as this peer uses it: with its own values, once an update of its was counted. */
  async model({ tip, weights }: Pick<Position, 'tip' | 'weights'>): Promise<Float32Array> {
    const parts = localParts(tip.manifest)
    if (parts.length === 0) return weights
    const length = sizeOfParts(parts)
    return withLocal(weights, parts, await this.#vectors.at(tip.body.height + 1, { length }))
  }

  /** Keep what the own values are if an update counts. On disk when it resolves: only then may others see the update. */
  async keep(made: KeptVector): Promise<void> {
    await this.#vectors.keep(made)
  }
}
