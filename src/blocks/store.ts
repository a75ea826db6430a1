/** What the DAG functions need of a blockstore, and how a block's bytes come out of one. */
import { concat } from 'uint8arrays/concat'
import { BlockMissingError } from './errors.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

/** Blocks can be read from it. */
export type BlockSource = Pick<Blockstore, 'get'>
/** Blocks can be put into it. What is put must not be changed afterwards: a store may keep the view it was given. */
export type BlockSink = Pick<Blockstore, 'put'>

/**
 * One block's bytes; a view without copy where the store holds the block in one piece.
 *
 * @throws {BlockMissingError} the store does not have it
 */
export async function getBytes(store: BlockSource, cid: CID, options?: AbortOptions): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of store.get(cid, options)) pieces.push(piece)
  } catch (err) {
    if (err instanceof Error && err.name === 'NotFoundError') throw new BlockMissingError(cid, { cause: err })
    throw err
  }
  const [first] = pieces
  return pieces.length === 1 && first != null ? first : concat(pieces)
}
