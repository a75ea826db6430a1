/** A Node peer's blocks: a durable store, a transient one, and one view of both. */
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { closeAll } from '../close.ts'
import { collect } from './bytes.ts'
import { FileBlockstore } from './durable.ts'
import { CountedMemoryBlockstore } from './memory.ts'
import { pruneStores } from './prune.ts'
import { SpillingBlockstore } from './spilling.ts'
import type { BlockSink } from '../../../src/blocks/index.ts'
import type { DamageOptions } from './durable.ts'
import type { Blockstores, BlockView, DurableBlockstore, TransientBlockstore } from './types.ts'

const MIB = 1024 * 1024
/** Transient blocks in memory: an eighth of what the machine has, within these bounds. */
const LEAST_MEMORY_BYTES = 128 * MIB
const MOST_MEMORY_BYTES = 1024 * MIB

export interface BlockstoresOptions extends DamageOptions {
  /** Bytes of transient blocks kept in memory; more go to files. Default: an eighth of the machine's, at most 1 GiB. */
  memoryBudgetBytes?: number
}

/**
 * Open (or create) the stores below `dir`: `dir/durable` stays, `dir/transient` starts empty.
 *
 * @throws the file system's error when the directory cannot be created or written
 */
export async function createBlockstores(dir: string, options: BlockstoresOptions = {}): Promise<Blockstores> {
  const budgetBytes = options.memoryBudgetBytes ?? defaultBudgetBytes()
  const durable = await FileBlockstore.create(join(dir, 'durable'), options)
  const transient = await SpillingBlockstore.create(join(dir, 'transient'), budgetBytes)
  return combine(durable, transient, () => closeAll([() => durable.close(), () => transient.close()]))
}

function defaultBudgetBytes(): number {
  return Math.max(LEAST_MEMORY_BYTES, Math.min(MOST_MEMORY_BYTES, totalmem() / 8))
}

/** The same without files, for tests and simulations. */
export function createMemoryBlockstores(): Blockstores {
  return combine(new CountedMemoryBlockstore(), new CountedMemoryBlockstore(), async () => {})
}

function combine(
  durable: DurableBlockstore,
  transient: TransientBlockstore,
  close: () => Promise<void>
): Blockstores {
  const view = viewOf(transient, durable)
  return {
    durable,
    transient,
    view,
    outgoing: outgoingTo(durable, transient),
    incoming: { ...view, put: transient.put.bind(transient) },
    prune: (keepRoots) => pruneStores([durable, transient], view, keepRoots),
    close
  }
}

function outgoingTo(durable: DurableBlockstore, transient: TransientBlockstore): BlockSink {
  return {
    async put(cid, input) {
      const bytes = await collect(input)
      await durable.put(cid, bytes)
      transient.offer(cid, bytes)
      return cid
    }
  }
}

/** `first` is asked first. */
function viewOf(first: BlockView, second: BlockView): BlockView {
  return {
    async has(cid, options) {
      return (await first.has(cid, options)) || second.has(cid, options)
    },
    async *get(cid, options) {
      yield* (await first.has(cid, options)) ? first.get(cid, options) : second.get(cid, options)
    }
  }
}

export type { Blockstores, BlockView, DurableBlockstore, PruneResult, TransientBlockstore } from './types.ts'
