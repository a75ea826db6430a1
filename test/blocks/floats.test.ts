import { MemoryBlockstore } from 'blockstore-core'
import { expect } from 'chai'
import {
  bytesToFloats,
  DagSizeError,
  floatsToBytes,
  readFloats,
  readRoot,
  writeDag,
  writeFloats
} from '../../src/blocks/index.ts'
import { swapWords } from '../../src/blocks/floats.ts'

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

  it('are stored little endian', () => {
    expect([...floatsToBytes(Float32Array.of(1))]).to.deep.equal([0, 0, 0x80, 0x3f])
  })

  it('are viewed, not copied, also when they are a part of a larger buffer', () => {
    const part = new Float32Array(100).subarray(10, 20)
    const bytes = floatsToBytes(part)
    expect(bytes.buffer).to.equal(part.buffer)
    expect([bytes.byteOffset, bytes.byteLength]).to.deep.equal([40, 40])
  })

  it('are read right from bytes at an odd offset of a shared buffer', () => {
    const shared = new Uint8Array(64)
    shared.set(floatsToBytes(Float32Array.of(1.5, -2.25)), 3)
    expect([...bytesToFloats(shared.subarray(3, 11))]).to.deep.equal([1.5, -2.25])
  })

  it('refuse bytes that are no whole number of values', () => {
    expect(() => bytesToFloats(new Uint8Array(7))).to.throw(DagSizeError, /has 7 bytes/)
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

  it('turn round word by word on a big-endian host', () => {
    expect([...swapWords(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))]).to.deep.equal([4, 3, 2, 1, 8, 7, 6, 5])
  })
})
