/** Is all of a DAG there, and what it should be? */
import { verifyBlock } from '../federation/cbor.ts'
import { blockLength, readRoot } from './root.ts'
import { getBytes } from './store.ts'
import type { BlockSource } from './store.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** A block that is missing or is not what its address says. */
export interface BadBlock {
  cid: CID
  reason: string
}

/** Read and hash every block of a DAG, one at a time. */
export async function checkDag(
  store: BlockSource,
  root: CID,
  options: AbortOptions = {}
): Promise<{ blocks: number; bad: BadBlock[] }> {
  const wrongRoot = await wrong(store, root, options)
  if (wrongRoot != null) return { blocks: 1, bad: [wrongRoot] }
  const dag = await readRoot(store, root, options)
  const bad: BadBlock[] = []
  for (const [index, cid] of dag.blocks.entries()) {
    options.signal?.throwIfAborted()
    const found = await wrong(store, cid, { ...options, bytes: blockLength(dag, index) })
    if (found != null) bad.push(found)
  }
  return { blocks: 1 + dag.blocks.length, bad }
}

async function wrong(
  store: BlockSource,
  cid: CID,
  { signal, bytes: expected }: AbortOptions & { bytes?: number }
): Promise<BadBlock | null> {
  try {
    const bytes = await getBytes(store, cid, { signal })
    if (expected != null && bytes.byteLength !== expected)
      return { cid, reason: `${bytes.byteLength} bytes instead of ${expected}` }
    return (await verifyBlock(cid, bytes)) ? null : { cid, reason: 'its bytes do not hash to its address' }
  } catch (error) {
    signal?.throwIfAborted()
    const { message, cause } = error as Error
    return { cid, reason: cause instanceof Error ? cause.message : message }
  }
}
