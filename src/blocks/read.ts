/** DAG → bytes. */
import { DagSizeError } from './errors.ts'
import { MAX_DAG_BYTES } from './limits.ts'
import { blockLength, readRoot } from './root.ts'
import { getBytes } from './store.ts'
import type { DagRoot } from './root.ts'
import type { BlockSource } from './store.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface ReadOptions extends AbortOptions {
  /** Refuse a larger payload before reading it. Default: the most a DAG may have. */
  maxBytes?: number
}

export interface BlockRange extends AbortOptions {
  /** First block, default 0. */
  from?: number
  /** Block after the last, default all. */
  to?: number
}

/** One piece of a payload. */
export interface DagBlock {
  index: number
  /** Where in the payload the bytes belong. */
  offsetBytes: number
  bytes: Uint8Array
}

/** Blocks read at once into one buffer: hides a file system's latency. */
const CONCURRENT_READS = 4

/**
 * The whole payload in one fresh buffer.
 *
 * @throws {BlockMissingError} a block is not in the store
 * @throws {InvalidRecordError} the root is malformed
 * @throws {DagSizeError} more than `maxBytes`, or a block of the wrong length
 */
export async function readDag(store: BlockSource, root: CID, options: ReadOptions = {}): Promise<Uint8Array> {
  const dag = await readRoot(store, root, options)
  const maxBytes = options.maxBytes ?? MAX_DAG_BYTES
  if (dag.size > maxBytes) throw new DagSizeError(`Payload ${root}`, dag.size, `at most ${maxBytes}`)
  const bytes = new Uint8Array(dag.size)
  await readInto(bytes, { store, dag, ...options })
  return bytes
}

/** Blocks `from` to `to` in order, one at a time: for payloads that need not be in memory as a whole. */
export async function* readBlocks(
  store: BlockSource,
  dag: DagRoot,
  options: BlockRange = {}
): AsyncGenerator<DagBlock> {
  const to = Math.min(options.to ?? dag.blocks.length, dag.blocks.length)
  for (let index = options.from ?? 0; index < to; index++) {
    yield {
      index,
      offsetBytes: index * dag.blockSize,
      bytes: await readBlock({ store, dag, ...options }, index)
    }
  }
}

interface ReadTarget extends AbortOptions {
  store: BlockSource
  dag: DagRoot
}

/** Read all blocks to their places in `bytes` (length `dag.size`). */
export async function readInto(bytes: Uint8Array, target: ReadTarget): Promise<void> {
  const { dag } = target
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < dag.blocks.length) {
      const index = next++
      bytes.set(await readBlock(target, index), index * dag.blockSize)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT_READS }, lane))
}

async function readBlock({ store, dag, signal }: ReadTarget, index: number): Promise<Uint8Array> {
  signal?.throwIfAborted()
  const cid = dag.blocks[index] as CID
  const bytes = await getBytes(store, cid, { signal })
  const expected = blockLength(dag, index)
  if (bytes.byteLength !== expected) {
    throw new DagSizeError(`Block ${index} (${cid})`, bytes.byteLength, `${expected}`)
  }
  return bytes
}
