/** Where a peer keeps blocks, and what of it others may read. */
import type { BlockSink } from '../../../src/blocks/index.ts'
import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

export type BlockView = Pick<Blockstore, 'get' | 'has'>

/** Blocks that must survive a crash: models, optimizer states, this peer's own updates. */
export interface DurableBlockstore extends Blockstore {
  /**
   * Resolves when everything put before is on the disk. `put` alone survives a killed process, but not a power cut:
   * syncing each block would cost more than writing it.
   */
  sync(): Promise<void>
}

/** Blocks that only matter now: the payloads of others. Gone after a restart. */
export interface TransientBlockstore extends Blockstore {
  /** Bytes held in memory; the rest is in files. */
  readonly memoryBytes: number
  /** Keep a block, as it is, if there is room in memory; it must not change. */
  offer(cid: CID, bytes: Uint8Array): void
}

export interface PruneResult {
  deletedBlocks: number
  keptBlocks: number
}

/** A peer's blockstores. */
export interface Blockstores {
  durable: DurableBlockstore
  transient: TransientBlockstore
  /** Both, to serve from: `blocks({ serve: view })`. */
  view: BlockView
  /** Puts durably, and keeps in memory what everybody is about to ask for. What is put must not change. */
  outgoing: BlockSink
  /** Knows what is in either, puts into the transient one: a `store` for fetches that may know part already. */
  incoming: Pick<Blockstore, 'has' | 'get' | 'put'>
  /**
   * Delete from both stores all that is not reachable from these roots. What is put meanwhile stays. A DAG that is
   * being fetched must be among the roots.
   */
  prune(keepRoots: Iterable<CID>): Promise<PruneResult>
  /** Syncs the durable store and deletes the transient one's files. */
  close(): Promise<void>
}
