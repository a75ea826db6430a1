/** Garbage collection: keep what is reachable from some roots. */
import { BlockMissingError, readRoot } from '../../../src/blocks/index.ts'
import { InvalidRecordError } from '../../../src/federation/cbor.ts'
import { keyOf } from './keys.ts'
import type { BlockView, PruneResult } from './types.ts'
import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

/** Listed before the roots are walked, so that what is put from now on is never deleted. */
export async function pruneStores(
  stores: Blockstore[],
  view: BlockView,
  keepRoots: Iterable<CID>
): Promise<PruneResult> {
  const listed = await Promise.all(stores.map(async (store) => ({ store, cids: await listOf(store) })))
  const keep = await reachable(view, keepRoots)
  const result: PruneResult = { deletedBlocks: 0, keptBlocks: 0 }
  for (const { store, cids } of listed) {
    const dead = cids.filter((cid) => !keep.has(keyOf(cid)))
    for (const cid of dead) await store.delete(cid)
    result.deletedBlocks += dead.length
    result.keptBlocks += cids.length - dead.length
  }
  return result
}

async function listOf(store: Blockstore): Promise<CID[]> {
  const cids: CID[] = []
  for await (const { cid } of store.getAll()) cids.push(cid)
  return cids
}

/** Keys of the roots and of the blocks they list. */
async function reachable(view: BlockView, roots: Iterable<CID>): Promise<Set<string>> {
  const keys = new Set<string>()
  for (const root of roots) {
    keys.add(keyOf(root))
    for (const cid of await childrenOf(view, root)) keys.add(keyOf(cid))
  }
  return keys
}

/** A block that is no DAG root (a record, say), or that is not here, is kept without anything below it. */
async function childrenOf(view: BlockView, root: CID): Promise<CID[]> {
  try {
    return (await readRoot(view, root)).blocks
  } catch (err) {
    if (err instanceof BlockMissingError || err instanceof InvalidRecordError) return []
    throw err
  }
}
