/** Bytes → DAG. */
import { concat } from 'uint8arrays/concat'
import { rawCidOf, toBlock } from '../federation/cbor.ts'
import { BlockSizeError, DagSizeError } from './errors.ts'
import {
  DEFAULT_BLOCK_BYTES,
  MAX_BLOCK_BYTES,
  MAX_DAG_BLOCKS,
  MAX_DAG_BYTES,
  MIN_BLOCK_BYTES
} from './limits.ts'
import type { DagRoot } from './root.ts'
import type { BlockSink } from './store.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** What a DAG is made of: all bytes at once, or chunks of any lengths. */
export type DagSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

export interface WriteOptions extends AbortOptions {
  /** 16 KiB to 1 MiB; default 256 KiB. Peers that must agree on a root must agree on this. */
  blockSizeBytes?: number
}

/** A written (or only hashed) DAG. */
export interface DagInfo {
  root: CID
  /** Bytes of the payload, root not counted. */
  sizeBytes: number
  /** Number of raw blocks. */
  blocks: number
}

/** Blocks that are being stored at once: hides a file system's latency without holding more than views. */
const MAX_CONCURRENT_PUTS = 8

/** Takes nothing: makes `writeDag` a hash function. */
const nowhere: BlockSink = { put: (cid) => cid }

/**
 * Cut bytes into raw blocks and store them under a root. Blocks of a `Uint8Array` are views of it, not copies, so it
 * must not change while the store keeps them.
 *
 * @throws {DagSizeError} more bytes than a DAG may have
 * @throws {BlockSizeError} `blockSizeBytes` outside the limits
 */
export async function writeDag(
  store: BlockSink,
  bytes: DagSource,
  options: WriteOptions = {}
): Promise<DagInfo> {
  const blockSize = checkBlockSize(options.blockSizeBytes ?? DEFAULT_BLOCK_BYTES)
  const dag: DagRoot = { size: 0, blockSize, blocks: [] }
  const puts = new PutWindow(store)
  for await (const block of cut(bytes, blockSize)) {
    options.signal?.throwIfAborted()
    const cid = await rawCidOf(block)
    append(dag, cid, block.byteLength)
    await puts.put(cid, block)
  }
  await puts.settled()
  const root = await toBlock(dag)
  await store.put(root.cid, root.bytes)
  return { root: root.cid, sizeBytes: dag.size, blocks: dag.blocks.length }
}

/** The root that `writeDag` would give, storing nothing. */
export async function hashDag(bytes: DagSource, options: WriteOptions = {}): Promise<CID> {
  return (await writeDag(nowhere, bytes, options)).root
}

/** Some puts under way at once; the first failure surfaces at the next call. */
class PutWindow {
  readonly #store: BlockSink
  readonly #running = new Set<Promise<void>>()
  #failure: { error: unknown } | null = null

  constructor(store: BlockSink) {
    this.#store = store
  }

  async put(cid: CID, block: Uint8Array): Promise<void> {
    if (this.#running.size >= MAX_CONCURRENT_PUTS) await Promise.race(this.#running)
    this.#rethrow()
    const running = this.#run(cid, block).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running)
    this.#rethrow()
  }

  /** Never rejects, so that no promise is left unhandled when the writer stops early. */
  async #run(cid: CID, block: Uint8Array): Promise<void> {
    try {
      await this.#store.put(cid, block)
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  #rethrow(): void {
    if (this.#failure != null) throw this.#failure.error
  }
}

function checkBlockSize(bytes: number): number {
  if (Number.isInteger(bytes) && bytes >= MIN_BLOCK_BYTES && bytes <= MAX_BLOCK_BYTES) return bytes
  throw new BlockSizeError(bytes, MIN_BLOCK_BYTES, MAX_BLOCK_BYTES)
}

function append(dag: DagRoot, cid: CID, bytes: number): void {
  dag.size += bytes
  dag.blocks.push(cid)
  if (dag.size <= MAX_DAG_BYTES && dag.blocks.length <= MAX_DAG_BLOCKS) return
  const most = `at most ${Math.min(MAX_DAG_BYTES, MAX_DAG_BLOCKS * dag.blockSize)} with blocks of ${dag.blockSize}`
  throw new DagSizeError('This payload', dag.size, most)
}

function cut(source: DagSource, size: number): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return source instanceof Uint8Array ? views(source, size) : regroup(source, size)
}

function* views(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

/** Chunks of any lengths → blocks of one length. Copies only the blocks that span chunks. */
async function* regroup(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  size: number
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let room = size
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength;) {
      const piece = chunk.subarray(at, at + room)
      held.push(piece)
      at += piece.byteLength
      room -= piece.byteLength
      if (room > 0) continue
      yield join(held)
      held = []
      room = size
    }
  }
  if (held.length > 0) yield join(held)
}

function join(pieces: Uint8Array[]): Uint8Array {
  const [only] = pieces
  return pieces.length === 1 && only != null ? only : concat(pieces)
}
