import { MemoryBlockstore } from 'blockstore-core'
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import {
  BlockMissingError,
  BlockSizeError,
  DagSizeError,
  getBytes,
  hashDag,
  MAX_DAG_BLOCKS,
  MAX_DAG_BYTES,
  readBlocks,
  readDag,
  readRoot,
  writeDag
} from '../../src/blocks/index.ts'
import { InvalidRecordError, toBlock } from '../../src/federation/cbor.ts'
import { seededRandom } from '../../src/random.ts'

const KIB = 1024
const blockSizeBytes = 16 * KIB

function randomBytes(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length }, () => random() & 0xff)
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('should have failed'),
    (err: Error) => err
  )
}

describe('blocks: DAG', () => {
  for (const length of [0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 100_003]) {
    it(`gives back the ${length} bytes that were written`, async () => {
      const store = new MemoryBlockstore()
      const bytes = randomBytes(length)
      const info = await writeDag(store, bytes, { blockSizeBytes })
      expect(info.sizeBytes).to.equal(length)
      expect(info.blocks).to.equal(Math.ceil(length / blockSizeBytes))
      expect(await readDag(store, info.root)).to.deep.equal(bytes)
    })
  }

  it('is the same DAG however the bytes are chunked', async () => {
    const bytes = randomBytes(70_000)
    const root = await hashDag(bytes, { blockSizeBytes })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 12 }), async (lengths) => {
        async function* chunks(): AsyncGenerator<Uint8Array> {
          let at = 0
          for (const length of lengths) yield bytes.subarray(at, (at += length))
          yield bytes.subarray(at)
        }
        const store = new MemoryBlockstore()
        const info = await writeDag(store, chunks(), { blockSizeBytes })
        expect(info.root.toString()).to.equal(root.toString())
        expect(await readDag(store, root)).to.deep.equal(bytes)
      }),
      { numRuns: 20 }
    )
  })

  it('hashes without storing what writing stores', async () => {
    const bytes = randomBytes(50_000)
    const info = await writeDag(new MemoryBlockstore(), bytes, { blockSizeBytes })
    expect((await hashDag(bytes, { blockSizeBytes })).equals(info.root)).to.equal(true)
  })

  it('stores views of the given bytes, not copies', async () => {
    const store = new MemoryBlockstore()
    const bytes = randomBytes(40_000)
    const { root } = await writeDag(store, bytes, { blockSizeBytes })
    const { blocks } = await readRoot(store, root)
    const second = await getBytes(store, blocks[1] as CID)
    expect(second.buffer).to.equal(bytes.buffer)
    expect(second.byteOffset).to.equal(blockSizeBytes)
  })

  it('streams a range of blocks by index', async () => {
    const store = new MemoryBlockstore()
    const bytes = randomBytes(5 * blockSizeBytes)
    const { root } = await writeDag(store, bytes, { blockSizeBytes })
    const seen: number[] = []
    for await (const block of readBlocks(store, await readRoot(store, root), { from: 1, to: 4 })) {
      seen.push(block.index)
      const expected = bytes.subarray(block.offsetBytes, block.offsetBytes + blockSizeBytes)
      expect(block.bytes).to.deep.equal(expected)
    }
    expect(seen).to.deep.equal([1, 2, 3])
  })

  it('names the block that is missing', async () => {
    const store = new MemoryBlockstore()
    const { root } = await writeDag(store, randomBytes(40_000), { blockSizeBytes })
    const { blocks } = await readRoot(store, root)
    await store.delete(blocks[2] as CID)
    const err = await rejection(readDag(store, root))
    expect(err).to.be.instanceOf(BlockMissingError)
    expect(err.message).to.include(String(blocks[2]))
  })

  it('refuses a payload above the cap before reading its blocks', async () => {
    const store = new MemoryBlockstore()
    const { root } = await writeDag(store, randomBytes(40_000), { blockSizeBytes })
    const err = await rejection(readDag(store, root, { maxBytes: 39_999 }))
    expect(err).to.be.instanceOf(DagSizeError)
    expect(err.message).to.match(/has 40000 bytes, expected at most 39999/)
  })

  it('refuses a block that is shorter than the root says', async () => {
    const store = new MemoryBlockstore()
    const { root } = await writeDag(store, randomBytes(40_000), { blockSizeBytes })
    const { blocks } = await readRoot(store, root)
    await store.put(blocks[0] as CID, new Uint8Array(5))
    expect(await rejection(readDag(store, root))).to.be.instanceOf(DagSizeError)
  })

  it('refuses block sizes outside the limits', async () => {
    for (const size of [0, 1024, 1.5 * KIB * KIB, 20_000.5, Number.NaN]) {
      const err = await rejection(hashDag(new Uint8Array(1), { blockSizeBytes: size }))
      expect(err).to.be.instanceOf(BlockSizeError)
    }
  })

  it('refuses to write more blocks than a root may list', async () => {
    const chunk = new Uint8Array(blockSizeBytes)
    function* endless(): Generator<Uint8Array> {
      for (;;) yield chunk
    }
    const err = await rejection(hashDag(endless(), { blockSizeBytes }))
    expect(err).to.be.instanceOf(DagSizeError)
    expect(err.message).to.include(String(MAX_DAG_BLOCKS * blockSizeBytes))
  }).timeout(30_000)

  it('reports a store that fails to write, once, and stops', async () => {
    let puts = 0
    const put = async (): Promise<CID> => {
      puts++
      throw new Error('disk full')
    }
    const err = await rejection(writeDag({ put }, randomBytes(100 * blockSizeBytes), { blockSizeBytes }))
    expect(err.message).to.equal('disk full')
    expect(puts).to.be.lessThan(10)
  })

  it('stops writing when aborted', async () => {
    const controller = new AbortController()
    function* chunks(): Generator<Uint8Array> {
      yield new Uint8Array(blockSizeBytes)
      controller.abort(new Error('enough'))
      yield new Uint8Array(blockSizeBytes)
    }
    const { signal } = controller
    const err = await rejection(writeDag(new MemoryBlockstore(), chunks(), { blockSizeBytes, signal }))
    expect(err.message).to.equal('enough')
  })
})

describe('blocks: untrusted roots', () => {
  async function readForged(value: unknown): Promise<Error> {
    const store = new MemoryBlockstore()
    const root = await toBlock(value)
    await store.put(root.cid, root.bytes)
    return rejection(readRoot(store, root.cid))
  }
  let raw: CID
  before(async () => {
    raw = CID.createV1(0x55, await sha256.digest(new Uint8Array(1)))
  })

  it('are refused when the number of blocks does not follow from the size', async () => {
    const err = await readForged({ size: 100_000, blockSize: 16 * KIB, blocks: [raw] })
    expect(err).to.be.instanceOf(InvalidRecordError)
    expect(err.message).to.include('number of blocks')
  })

  it('are refused when the size is above the cap', async () => {
    const err = await readForged({ size: MAX_DAG_BYTES + 1, blockSize: 1024 * KIB, blocks: [] })
    expect(err.message).to.include('size')
  })

  it('are refused when the block size is outside the limits', async () => {
    expect((await readForged({ size: 1, blockSize: 1, blocks: [raw] })).message).to.include('blockSize')
    expect((await readForged({ size: 1, blockSize: 2 ** 30, blocks: [raw] })).message).to.include('blockSize')
  })

  it('are refused when a block is not raw, so a DAG has no depth to explode', async () => {
    const nested = CID.createV1(0x71, raw.multihash)
    const err = await readForged({ size: 1, blockSize: 16 * KIB, blocks: [nested] })
    expect(err.message).to.include('raw block')
  })

  it('are refused with fields nobody defined', async () => {
    expect(await readForged({ size: 1, blockSize: 16 * KIB, blocks: [raw], x: 1 })).to.be.instanceOf(
      InvalidRecordError
    )
  })

  it('fit into one block even at the most blocks', async () => {
    const size = MAX_DAG_BLOCKS * 16 * KIB
    const blocks = new Array<CID>(MAX_DAG_BLOCKS).fill(raw)
    const root = await toBlock({ size, blockSize: 16 * KIB, blocks })
    const store = new MemoryBlockstore()
    await store.put(root.cid, root.bytes)
    expect((await readRoot(store, root.cid)).blocks).to.have.length(MAX_DAG_BLOCKS)
  })
})
