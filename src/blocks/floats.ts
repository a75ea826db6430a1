/** Flat float32 vectors (weights, deltas) as DAGs: little endian on the wire and on disk, whatever the host. */
import { DagSizeError } from './errors.ts'
import { readInto } from './read.ts'
import { readRoot } from './root.ts'
import { writeDag } from './write.ts'
import { floatsToBytes, fromLittleEndian, memoryOf } from '../vectors.ts'
import type { BlockSink, BlockSource } from './store.ts'
import type { DagInfo, WriteOptions } from './write.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT

/** Store a vector; its blocks are views of it, so it must not change while the store keeps them. */
export async function writeFloats(
  store: BlockSink,
  floats: Float32Array,
  options?: WriteOptions
): Promise<DagInfo> {
  return writeDag(store, floatsToBytes(floats), options)
}

/**
 * Read a vector of exactly `count` values, block by block into its final place.
 *
 * @throws {DagSizeError} the payload is not `4 × count` bytes
 * @throws {BlockMissingError} a block is not in the store
 */
export async function readFloats(
  store: BlockSource,
  root: CID,
  count: number,
  options: AbortOptions = {}
): Promise<Float32Array> {
  const dag = await readRoot(store, root, options)
  if (dag.size !== count * FLOAT_BYTES) {
    throw new DagSizeError(`Vector ${root}`, dag.size, `${count * FLOAT_BYTES} (${count} float32 values)`)
  }
  const floats = new Float32Array(count)
  await readInto(memoryOf(floats), { store, dag, ...options })
  return fromLittleEndian(floats)
}
