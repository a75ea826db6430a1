/** The root of a DAG of raw blocks: how long the whole is, how it was cut, and the address of every piece. */
import { code as rawCode } from 'multiformats/codecs/raw'
import { z } from 'zod'
import { decode } from '../federation/cbor.ts'
import { cidField } from '../federation/fields.ts'
import { MAX_BLOCK_BYTES, MAX_DAG_BLOCKS, MAX_DAG_BYTES, MIN_BLOCK_BYTES } from './limits.ts'
import { getBytes } from './store.ts'
import type { RecordSchema } from '../federation/cbor.ts'
import type { BlockSource } from './store.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const rawCidField = cidField.refine((cid) => cid.code === rawCode, 'expected the CID of a raw block')

const rootSchema = z
  .strictObject({
    /** Bytes of all blocks together. */
    size: z.int().min(0).max(MAX_DAG_BYTES),
    /** Bytes of every block but the last, which has the rest. */
    blockSize: z.int().min(MIN_BLOCK_BYTES).max(MAX_BLOCK_BYTES),
    blocks: z.array(rawCidField).max(MAX_DAG_BLOCKS)
  })
  .refine(
    (root) => root.blocks.length === blockCount(root.size, root.blockSize),
    'the number of blocks does not follow from size and blockSize'
  )

/** How `size` bytes are cut into `blocks` of `blockSize` bytes (the last has the rest). */
export type DagRoot = z.output<typeof rootSchema>

/** The DAG-CBOR record at the root of a DAG. */
export const dagRootType: RecordSchema<DagRoot> = {
  name: 'DAG root',
  schema: rootSchema,
  maxBytes: MAX_BLOCK_BYTES
}

/** Blocks that `sizeBytes` make when cut every `blockSizeBytes`. */
export function blockCount(sizeBytes: number, blockSizeBytes: number): number {
  return Math.ceil(sizeBytes / blockSizeBytes)
}

/** Bytes of block `index`: `blockSize`, but for the last the rest. */
export function blockLength(root: DagRoot, index: number): number {
  return Math.min(root.blockSize, root.size - index * root.blockSize)
}

/**
 * Read and check a root.
 *
 * @throws {BlockMissingError} the store does not have it
 * @throws {InvalidRecordError} it is no root, or breaks a limit
 */
export async function readRoot(store: BlockSource, root: CID, options?: AbortOptions): Promise<DagRoot> {
  return decode(dagRootType, await getBytes(store, root, options))
}
