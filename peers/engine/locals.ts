/** This peer's own values of layers that stay with each member (src/model/local.ts). */
import { localParts, sizeOfParts, withLocal } from '../../src/model/local.ts'
import { CountedVectors } from './counted.ts'
import type { CountedInit } from './counted.ts'
import type { Position } from './components.ts'

export class OwnLocals extends CountedVectors {
  constructor(init: CountedInit) {
    super(init, 'locals')
  }

  /** The model of a tip as this peer uses it: with its own values, once an update of its was counted. */
  async model({ tip, weights }: Pick<Position, 'tip' | 'weights'>): Promise<Float32Array> {
    const parts = localParts(tip.manifest)
    if (parts.length === 0) return weights
    const length = sizeOfParts(parts)
    return withLocal(weights, parts, await this.counted(tip.body.height + 1, { length }))
  }
}
