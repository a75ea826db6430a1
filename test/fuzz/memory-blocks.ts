/** Blocks in a map, so that a property can put wrong ones under any CID. */
import type { BlockSink, BlockSource } from '../../src/blocks/store.ts'

export interface MemoryBlocks extends BlockSink, BlockSource {
  /** By CID, in text. */
  blocks: Map<string, Uint8Array>
}

/** An empty store. */
export function memorySink(): MemoryBlocks {
  const blocks = new Map<string, Uint8Array>()
  return {
    blocks,
    put: (cid, bytes) => {
      blocks.set(cid.toString(), bytes as Uint8Array)
      return cid
    },
    get: async function* (cid) {
      const bytes = blocks.get(cid.toString())
      if (bytes == null) throw Object.assign(new Error('not here'), { name: 'NotFoundError' })
      yield bytes
    }
  }
}
