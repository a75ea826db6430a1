import { expect } from 'chai'
import { createMemoryBlockstores } from '../../../peers/node/blockstore/index.ts'
import { NodeBlocks } from '../../../peers/node/peer/blocks.ts'
import { readRoot, writeDag } from '../../../src/blocks/index.ts'
import type { NodeBlocksInit } from '../../../peers/node/peer/blocks.ts'
import type { Blockstores } from '../../../peers/node/blockstore/index.ts'
import type { CID } from 'multiformats/cid'

const blockSizeBytes = 16 * 1024
const payload = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251)
const noHolders = { holders: (): string[] => [], signal: new AbortController().signal }

/** Another peer that has everything, and is asked only for what the store says it lacks. */
function holder(other: Blockstores): NodeBlocksInit['exchange'] {
  const bring = async (cid: CID, store: Blockstores['incoming']): Promise<void> => {
    if (await store.has(cid)) return
    for await (const bytes of other.view.get(cid)) await store.put(cid, bytes)
  }
  return {
    async fetchDag(root, { store }) {
      const target = store as Blockstores['incoming']
      await bring(root, target)
      const dag = await readRoot(other.view, root)
      for (const cid of dag.blocks) await bring(cid, target)
      return dag
    }
  }
}

describe("a peer's vectors and payloads", () => {
  it('are brought again when a pruning takes them away just as they are wanted', async () => {
    const [stores, other] = [createMemoryBlockstores(), createMemoryBlockstores()]
    const blocks = new NodeBlocks({ stores, exchange: holder(other), blockSizeBytes })
    const root = await blocks.putPayload(payload)
    await writeDag(other.durable, payload, { blockSizeBytes })
    const [deleting, mayDelete] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const remove = stores.durable.delete.bind(stores.durable)
    stores.durable.delete = async (cid) => {
      deleting.resolve()
      await mayDelete.promise
      await remove(cid)
    }
    // The height that it was put for is over; the next one has the very same payload.
    const pruned = blocks.prune([])
    await deleting.promise
    const wanted = blocks.getPayload(root, payload.byteLength, noHolders)
    await new Promise((resolve) => setImmediate(resolve))
    mayDelete.resolve()
    await pruned
    const read = await wanted
    expect(await read(0, payload.byteLength)).to.deep.equal(payload)
  })

  it('stay as long as they are used, and go when the height after that has begun', async () => {
    const stores = createMemoryBlockstores()
    const blocks = new NodeBlocks({ stores, exchange: holder(createMemoryBlockstores()), blockSizeBytes })
    const root = await blocks.putPayload(payload)
    await blocks.prune([root])
    expect(await stores.view.has(root)).to.equal(true)
    await blocks.prune([])
    expect(await stores.view.has(root)).to.equal(false)
  })
})
