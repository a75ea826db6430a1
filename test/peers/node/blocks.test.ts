import { expect } from 'chai'
import { createMemoryBlockstores } from '../../../peers/node/blockstore/index.ts'
import { NodeBlocks } from '../../../peers/node/peer/blocks.ts'
import { BlocksUnavailableError } from '../../../protocols/blocks/index.ts'
import { readRoot, writeDag, writeFloats } from '../../../src/blocks/index.ts'
import { failure } from '../../helpers/failure.ts'
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

/** The same, but it dies after so many blocks; `given` are those that it gave. */
function dying(other: Blockstores, after: number): { exchange: NodeBlocksInit['exchange']; given: string[] } {
  const given: string[] = []
  const exchange: NodeBlocksInit['exchange'] = {
    async fetchDag(root, { store }) {
      const target = store as Blockstores['incoming']
      const dag = await readRoot(other.view, root)
      for (const cid of [root, ...dag.blocks]) {
        if (await target.has(cid)) continue
        if (given.length >= after) throw new BlocksUnavailableError([cid], [])
        given.push(cid.toString())
        for await (const bytes of other.view.get(cid)) await target.put(cid, bytes)
      }
      return dag
    }
  }
  return { exchange, given }
}

/** One that gives only the blocks of the spans that are asked for, as the protocol does. */
function frugal(other: Blockstores): { exchange: NodeBlocksInit['exchange']; given: string[] } {
  const given: string[] = []
  const exchange: NodeBlocksInit['exchange'] = {
    async fetchDag(root, { store, spans }) {
      const target = store as Blockstores['incoming']
      const dag = await readRoot(other.view, root)
      const isWanted = (_cid: CID, i: number): boolean =>
        spans?.some(
          ({ offset, length }) => offset < (i + 1) * dag.blockSize && offset + length > i * dag.blockSize
        ) ?? true
      for (const cid of [root, ...dag.blocks.filter(isWanted)]) {
        if (await target.has(cid)) continue
        given.push(cid.toString())
        for await (const bytes of other.view.get(cid)) await target.put(cid, bytes)
      }
      return dag
    }
  }
  return { exchange, given }
}

describe("a peer's vectors and payloads", () => {
  it('fetch a part of a payload, and the rest when it is read', async () => {
    const [stores, other] = [createMemoryBlockstores(), createMemoryBlockstores()]
    const { root } = await writeDag(other.durable, payload, { blockSizeBytes })
    const { exchange, given } = frugal(other)
    const blocks = new NodeBlocks({ stores, exchange, blockSizeBytes })
    const spans = [{ offset: blockSizeBytes, length: 10 }]
    const read = await blocks.getPayload(root, payload.byteLength, { ...noHolders, spans })
    expect(given).to.have.length(2)
    expect(await read(blockSizeBytes, 10)).to.deep.equal(
      payload.subarray(blockSizeBytes, blockSizeBytes + 10)
    )
    expect(given).to.have.length(2)
    expect(await read(0, payload.byteLength)).to.deep.equal(payload)
    expect(given).to.have.length(4)
  })

  it('cut a payload in blocks of the size that is asked for', async () => {
    const stores = createMemoryBlockstores()
    const blocks = new NodeBlocks({ stores, exchange: holder(stores), blockSizeBytes })
    const root = await blocks.putPayload(payload, { blockSizeBytes: 20_000 })
    expect((await readRoot(stores.view, root)).blockSize).to.equal(20_000)
    expect((await readRoot(stores.view, await blocks.putPayload(payload))).blockSize).to.equal(blockSizeBytes)
  })

  it('give others a part of a sum while it lasts', async () => {
    const [stores, other] = [createMemoryBlockstores(), createMemoryBlockstores()]
    const theirs = new NodeBlocks({ stores: other, exchange: holder(stores), blockSizeBytes })
    const blocks = new NodeBlocks({ stores, exchange: holder(other), blockSizeBytes })
    const root = await theirs.putShard(payload)
    const read = await blocks.getPayload(root, payload.byteLength, noHolders)
    expect(await read(0, payload.byteLength)).to.deep.equal(payload)
    await theirs.prune([])
    await theirs.prune([])
    expect(await other.view.has(root)).to.equal(false)
  })

  it('keep what came of a model when its source dies, and when another model overtakes it', async () => {
    const [stores, other] = [createMemoryBlockstores(), createMemoryBlockstores()]
    const length = 5 * (blockSizeBytes / 4)
    const first = Float32Array.from({ length }, (_, i) => i)
    const second = first.slice()
    second[length - 1] = -1
    const [one, two] = await Promise.all(
      [first, second].map(async (weights) => await writeFloats(other.durable, weights, { blockSizeBytes }))
    )
    const mortal = dying(other, 4)
    const blocks = new NodeBlocks({ stores, exchange: mortal.exchange, blockSizeBytes })
    await failure(blocks.getModel(one.root, length, noHolders), BlocksUnavailableError)
    // The engine keeps what is coming until the next model is whole.
    await blocks.prune([two.root, one.root])
    const next = dying(other, Infinity)
    const again = new NodeBlocks({ stores, exchange: next.exchange, blockSizeBytes })
    expect(await again.getModel(two.root, length, noHolders)).to.deep.equal(second)
    // The root and three blocks came before; of the five blocks the first four are in both models.
    expect(mortal.given).to.have.length(4)
    expect(next.given).to.have.length(3)
    await again.prune([two.root])
    expect(await stores.durable.has(one.root)).to.equal(false)
  })

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
