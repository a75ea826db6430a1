import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createBlockstores, createMemoryBlockstores } from '../../../peers/node/blockstore/index.ts'
import { BlockMissingError, getBytes, readDag, readRoot, writeDag } from '../../../src/blocks/index.ts'
import { rawCidOf, toBlock } from '../../../src/federation/cbor.ts'
import type { Blockstores } from '../../../peers/node/blockstore/index.ts'
import type { CID } from 'multiformats/cid'

const MIB = 1024 * 1024
const blockSizeBytes = 64 * 1024

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('should have failed'),
    (err: Error) => err
  )
}

/** Every block of a DAG, root included. */
async function allOf(stores: Blockstores, root: CID): Promise<CID[]> {
  return [root, ...(await readRoot(stores.view, root)).blocks]
}

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-blocks-'))
})
afterEach(async () => rm(dir, { recursive: true, force: true }))

const kinds: Array<[string, () => Promise<Blockstores>]> = [
  ['files', () => createBlockstores(dir, { memoryBudgetBytes: 100_000 })],
  ['memory', async () => createMemoryBlockstores()]
]

for (const [kind, create] of kinds) {
  describe(`blockstores in ${kind}`, () => {
    it('give back what was put into either, through one view', async () => {
      const stores = await create()
      const mine = randomBytes(300_000)
      const theirs = randomBytes(300_000)
      const a = await writeDag(stores.durable, mine, { blockSizeBytes })
      const b = await writeDag(stores.transient, theirs, { blockSizeBytes })
      expect(Buffer.compare(mine, await readDag(stores.view, a.root))).to.equal(0)
      expect(Buffer.compare(theirs, await readDag(stores.view, b.root))).to.equal(0)
      expect(await stores.view.has(a.root)).to.equal(true)
      expect(await stores.durable.has(b.root)).to.equal(false)
      await stores.close()
    })

    it('say which block is missing', async () => {
      const stores = await create()
      const cid = await rawCidOf(randomBytes(10))
      expect(await rejection(getBytes(stores.view, cid))).to.be.instanceOf(BlockMissingError)
      await stores.close()
    })

    it('prune all but what is reachable from the roots, in both stores', async () => {
      const stores = await create()
      const keep = await writeDag(stores.durable, randomBytes(300_000), { blockSizeBytes })
      const drop = await writeDag(stores.durable, randomBytes(300_000), { blockSizeBytes })
      const theirs = await writeDag(stores.transient, randomBytes(300_000), { blockSizeBytes })
      const record = await toBlock({ just: 'a record' })
      await stores.durable.put(record.cid, record.bytes)
      const dead = [...(await allOf(stores, drop.root)), ...(await allOf(stores, theirs.root))]

      const result = await stores.prune([keep.root, record.cid])
      expect(result).to.deep.equal({ deletedBlocks: dead.length, keptBlocks: keep.blocks + 2 })
      for (const cid of dead) expect(await stores.view.has(cid)).to.equal(false)
      expect((await readDag(stores.view, keep.root)).byteLength).to.equal(300_000)
      expect(await stores.view.has(record.cid)).to.equal(true)
      await stores.close()
    })

    it('keep blocks that two DAGs share as long as one is kept', async () => {
      const stores = await create()
      const shared = randomBytes(blockSizeBytes)
      const a = await writeDag(stores.durable, Buffer.concat([shared, randomBytes(10)]), { blockSizeBytes })
      await writeDag(stores.durable, Buffer.concat([shared, randomBytes(20)]), { blockSizeBytes })
      await stores.prune([a.root])
      expect((await readDag(stores.view, a.root)).byteLength).to.equal(blockSizeBytes + 10)
      await stores.close()
    })

    it('are not changed when the writer goes on changing its buffer', async () => {
      const stores = await create()
      const weights = new Float32Array(50_000).fill(1)
      const bytes = new Uint8Array(weights.buffer)
      const { root } = await writeDag(stores.transient, bytes, { blockSizeBytes })
      weights.fill(2)
      const read = await readDag(stores.transient, root)
      expect(new Float32Array(read.buffer)[0]).to.equal(1)
      await stores.close()
    })

    it('accept a prune of roots that are not here', async () => {
      const stores = await create()
      expect((await stores.prune([await rawCidOf(randomBytes(3))])).deletedBlocks).to.equal(0)
      await stores.close()
    })
  })
}

describe('the durable blockstore', () => {
  it('has everything after it was closed and opened again, and the transient one nothing', async () => {
    const before = await createBlockstores(dir, { memoryBudgetBytes: 0 })
    const bytes = randomBytes(200_000)
    const { root } = await writeDag(before.durable, bytes, { blockSizeBytes })
    const gone = await writeDag(before.transient, randomBytes(200_000), { blockSizeBytes })
    await before.durable.sync()
    const after = await createBlockstores(dir)
    expect(Buffer.compare(bytes, await readDag(after.view, root))).to.equal(0)
    expect(await after.view.has(gone.root)).to.equal(false)
    await after.close()
  })

  it('treats a block that rotted on disk as missing, deletes it and says so', async () => {
    const corrupt: string[] = []
    const stores = await createBlockstores(dir, { onDamaged: (cid) => corrupt.push(String(cid)) })
    const { root } = await writeDag(stores.durable, randomBytes(100), { blockSizeBytes })
    const [block] = (await readRoot(stores.view, root)).blocks as [CID]
    for (const name of await readdir(join(dir, 'durable'))) {
      await writeFile(join(dir, 'durable', name), 'rotten', { flag: 'r+' })
    }
    const err = await rejection(getBytes(stores.view, block))
    expect(err).to.be.instanceOf(BlockMissingError)
    expect((err.cause as Error).message).to.include('damaged')
    expect(corrupt).to.deep.equal([String(block)])
    expect(await stores.durable.has(block)).to.equal(false)
    await stores.close()
  })

  it('treats a block whose file is cut short anywhere as missing, and takes it anew', async () => {
    const bytes = randomBytes(100)
    const stores = await createBlockstores(dir)
    const cid = await rawCidOf(bytes)
    await stores.durable.put(cid, bytes)
    await stores.close()
    const [name] = await readdir(join(dir, 'durable'))
    for (let size = 0; size < bytes.byteLength; size++) {
      await truncate(join(dir, 'durable', name), size)
      const damaged: string[] = []
      const opened = await createBlockstores(dir, { onDamaged: (of) => damaged.push(String(of)) })
      expect(await rejection(getBytes(opened.view, cid)), `${size} bytes`).to.be.instanceOf(BlockMissingError)
      expect(damaged).to.deep.equal([String(cid)])
      await opened.durable.put(cid, bytes)
      await opened.durable.sync()
      expect(Buffer.compare(bytes, await getBytes(opened.view, cid)), `${size} bytes`).to.equal(0)
      await opened.close()
    }
  })

  it('removes what a killed process left half-written', async () => {
    const stores = await createBlockstores(dir)
    await stores.close()
    await writeFile(join(dir, 'durable', '.abc.data.tmp'), 'half')
    const again = await createBlockstores(dir)
    expect(await readdir(join(dir, 'durable'))).to.deep.equal([])
    await again.close()
  })

  it('leaves nothing of a block that could not be put', async () => {
    const stores = await createBlockstores(dir)
    const bytes = randomBytes(1_000)
    const cid = await rawCidOf(bytes)
    await stores.durable.put(cid, bytes)
    const [name] = await readdir(join(dir, 'durable'))
    await stores.durable.delete(cid)
    // A directory of its name, which no file can replace.
    await mkdir(join(dir, 'durable', name))
    await rejection(Promise.resolve(stores.durable.put(cid, bytes)))
    expect(await readdir(join(dir, 'durable'))).to.deep.equal([name])
    await stores.close()
  })

  it('prunes what an earlier process left, and leaves alone what is no block', async () => {
    const before = await createBlockstores(dir)
    await writeDag(before.durable, randomBytes(200_000), { blockSizeBytes })
    await before.close()
    const foreign = ['notes.txt', 'no block.data']
    for (const name of foreign) await writeFile(join(dir, 'durable', name), 'mine')
    const after = await createBlockstores(dir)
    expect(await after.prune([])).to.deep.equal({ deletedBlocks: 5, keptBlocks: 0 })
    expect((await readdir(join(dir, 'durable'))).sort()).to.deep.equal(foreign.sort())
    await after.close()
  })

  it('syncs only what was put since, and survives blocks deleted in between', async () => {
    const stores = await createBlockstores(dir)
    const { root } = await writeDag(stores.durable, randomBytes(200_000), { blockSizeBytes })
    await stores.durable.delete(root)
    await stores.durable.sync()
    await stores.durable.sync()
    expect(await stores.durable.has(root)).to.equal(false)
    await stores.close()
  })

  it('accepts the same block from several writers at once', async () => {
    const stores = await createBlockstores(dir)
    const bytes = randomBytes(100_000)
    const cid = await rawCidOf(bytes)
    await Promise.all(Array.from({ length: 8 }, async () => stores.durable.put(cid, bytes)))
    expect(Buffer.compare(bytes, await getBytes(stores.durable, cid))).to.equal(0)
    await stores.close()
  })
})

describe('the transient blockstore', () => {
  it('never holds more than its budget in memory, however many put at once', async () => {
    const stores = await createBlockstores(dir, { memoryBudgetBytes: 2 * MIB })
    const chunks = Array.from({ length: 10 }, () => randomBytes(MIB))
    const roots = await Promise.all(chunks.map((c) => writeDag(stores.transient, c, { blockSizeBytes })))
    expect(stores.transient.memoryBytes).to.be.within(1.9 * MIB, 2 * MIB)
    for (const [i, { root }] of roots.entries()) {
      expect(Buffer.compare(chunks[i] as Buffer, await readDag(stores.view, root))).to.equal(0)
    }
    await stores.close()
  })

  it('has room in memory again after pruning', async () => {
    const stores = await createBlockstores(dir, { memoryBudgetBytes: MIB })
    await writeDag(stores.transient, randomBytes(3 * MIB), { blockSizeBytes })
    await stores.prune([])
    expect(stores.transient.memoryBytes).to.equal(0)
    expect(await readdir(join(dir, 'transient'))).to.deep.equal([])
    await stores.close()
  })

  it('does not keep the large buffer alive that a block was a view of', async () => {
    const stores = createMemoryBlockstores()
    const large = new Uint8Array(MIB)
    const cid = await rawCidOf(large.subarray(0, 100))
    await stores.transient.put(cid, large.subarray(0, 100))
    expect((await getBytes(stores.transient, cid)).buffer.byteLength).to.equal(100)
  })

  it('counts a block once that is put twice', async () => {
    const stores = await createBlockstores(dir)
    const bytes = randomBytes(1000)
    const cid = await rawCidOf(bytes)
    await stores.transient.put(cid, bytes)
    await stores.transient.put(cid, bytes)
    expect(stores.transient.memoryBytes).to.equal(1000)
    await stores.close()
  })
})
