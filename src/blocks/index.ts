/**
 * Bulk bytes as content-addressed DAGs: raw blocks (CIDv1, sha2-256) under one DAG-CBOR root. A model, an update and
 * an optimizer's state are all such DAGs, so each is checked block by block and readable with any IPLD tool.
 *
 * Hashing goes through multiformats, which in Node is native OpenSSL: about 1.7 GB/s measured.
 */
export { BlockMissingError, BlockSizeError, DagSizeError } from './errors.ts'
export { checkDag } from './check.ts'
export type { BadBlock } from './check.ts'
export { readFloats, writeFloats } from './floats.ts'
export { floatsToBytes } from '../vectors.ts'
export {
  DEFAULT_BLOCK_BYTES,
  MAX_BLOCK_BYTES,
  MAX_DAG_BLOCKS,
  MAX_DAG_BYTES,
  MIN_BLOCK_BYTES
} from './limits.ts'
export { readBlocks, readDag } from './read.ts'
export type { BlockRange, DagBlock, ReadOptions } from './read.ts'
export { blockCount, blockLength, dagRootType, readRoot } from './root.ts'
export type { DagRoot } from './root.ts'
export { getBytes } from './store.ts'
export type { BlockSink, BlockSource } from './store.ts'
export { hashDag, writeDag } from './write.ts'
export type { DagInfo, DagSource, WriteOptions } from './write.ts'
