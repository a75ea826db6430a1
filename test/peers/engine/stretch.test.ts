import { expect } from 'chai'
import { UpdatePool } from '../../../peers/engine/height/updates.ts'
import { exchangeSchema } from '../../../src/federation/manifest/exchange.ts'
import { someTip } from '../../rounds/ledger.ts'
import type { BlockExchange } from '../../../peers/engine/components.ts'

describe('updates', () => {
  it('are worked on in stretches of whole values, whatever the size of blocks', () => {
    for (const blockSizeBytes of [16_384, 16_385, 16_387, 1024 * 1024]) {
      const tip = someTip()
      const exchange = exchangeSchema.parse({ blockSizeBytes })
      const pool = new UpdatePool({
        position: {
          tip: { ...tip, manifest: { ...tip.manifest, exchange } },
          weights: new Float32Array(8),
          moments: new Float32Array()
        },
        height: 2,
        blocks: {} as BlockExchange,
        parts: [],
        fetch: () => ({ holders: () => [], signal: new AbortController().signal })
      })
      expect(pool.stretch).to.equal(Math.floor(blockSizeBytes / 4))
    }
  })
})
