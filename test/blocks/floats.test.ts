import { MemoryBlockstore } from 'blockstore-core'
import { expect } from 'chai'
import {
  DagSizeError,
  floatsToBytes,
  readFloats,
  readRoot,
  writeDag,
  writeFloats
} from '../../src/blocks/index.ts'

const blockSizeBytes = 16 * 1024

describe('blocks: float vectors', () => {
  it('come back bit by bit, special values included', async () => {
    const store = new MemoryBlockstore()
    const floats = Float32Array.from({ length: 10_001 }, (_, i) => Math.fround(i * 0.37 - 100))
    floats.set([Number.NaN, -0, Infinity, 1e-45])
    const { root, sizeBytes } = await writeFloats(store, floats, { blockSizeBytes })
    expect(sizeBytes).to.equal(40_004)
    const back = await readFloats(store, root, floats.length)
    expect(floatsToBytes(back)).to.deep.equal(floatsToBytes(floats))
  })

  it('refuse a payload of another length, saying both', async () => {
    const store = new MemoryBlockstore()
    const { root } = await writeFloats(store, new Float32Array(10))
    const err = await readFloats(store, root, 11).catch((e: Error) => e)
    expect(err).to.be.instanceOf(DagSizeError)
    expect((err as Error).message).to.match(/40 bytes, expected 44 \(11 float32 values\)/)
  })

  it('can be empty', async () => {
    const store = new MemoryBlockstore()
    const { root } = await writeFloats(store, new Float32Array(0))
    expect((await readRoot(store, root)).blocks).to.deep.equal([])
    expect(await readFloats(store, root, 0)).to.have.length(0)
  })

  it('of a small model are one block under a root', async () => {
    const info = await writeDag(new MemoryBlockstore(), floatsToBytes(new Float32Array(13 * 16 + 16)))
    expect(info.blocks).to.equal(1)
  })
})
