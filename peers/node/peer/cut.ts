/** Vectors as blocks that are views of them, and payloads read across blocks. */
import { getBytes, writeFloats } from '../../../src/blocks/index.ts'
import type { BlockSink, DagRoot } from '../../../src/blocks/index.ts'
import type { ByteSpan } from '../../../src/codecs/index.ts'
import type { Block } from '../../../src/federation/cbor.ts'
import type { BlockView } from '../blockstore/index.ts'
import type { CID } from 'multiformats/cid'

export interface Cut {
  root: CID
  /** The root's own among them, last. */
  blocks: Block[]
}

/** A vector's blocks and their addresses. */
export async function cut(weights: Float32Array, blockSizeBytes: number): Promise<Cut> {
  const blocks: Block[] = []
  const collect: BlockSink = {
    put(cid, bytes) {
      blocks.push({ cid, bytes: bytes as Uint8Array })
      return cid
    }
  }
  const { root } = await writeFloats(collect, weights, { blockSizeBytes })
  return { root, blocks }
}

/** A stretch of a payload: one block without a copy where the stretch is one, else pieced together. */
export async function readRange(
  store: BlockView,
  dag: DagRoot,
  { offset, length }: ByteSpan
): Promise<Uint8Array> {
  const first = Math.floor(offset / dag.blockSize)
  const last = Math.floor((offset + length - 1) / dag.blockSize)
  const start = offset - first * dag.blockSize
  if (first === last) return (await getBytes(store, dag.blocks[first])).subarray(start, start + length)
  const bytes = new Uint8Array(length)
  for (let index = first; index <= last; index++) {
    const block = await getBytes(store, dag.blocks[index])
    const from = Math.max(0, offset - index * dag.blockSize)
    const to = Math.min(block.byteLength, offset + length - index * dag.blockSize)
    bytes.set(block.subarray(from, to), index * dag.blockSize + from - offset)
  }
  return bytes
}
