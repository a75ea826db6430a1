/** What a home keeps, opened: votes and ledger, and blocks. One process at a time. */
import { createBlockstores } from '../blockstore/index.ts'
import { openLevelStore } from '../state/index.ts'
import type { StateStore } from '../../../src/state/index.ts'
import type { Blockstores } from '../blockstore/index.ts'
import type { DamageOptions } from '../blockstore/durable.ts'
import type { Closer } from '../close.ts'
import type { Home } from '../home/index.ts'

export interface Storage {
  state: StateStore
  stores: Blockstores
}

/**
 * Open it; `onClose` is given what closes each part as soon as it is open.
 *
 * @throws {StateStoreLockedError | StateStoreCorruptError | …}
 */
export async function openStorage(
  { paths }: Pick<Home, 'paths'>,
  options: DamageOptions,
  onClose: (closer: Closer) => void
): Promise<Storage> {
  const state = await openLevelStore(paths.state)
  onClose(async () => await state.close())
  const stores = await createBlockstores(paths.blocks, options)
  onClose(async () => await stores.close())
  return { state, stores }
}
