/** Checking the ledger of a home in which no peer runs. */
import { auditLedger } from '../../engine/audit/index.ts'
import { foundingTip, weightsOf } from '../../engine/tip.ts'
import { Ledger, VoteLog } from '../../../src/state/index.ts'
import { createBlockstores } from '../blockstore/index.ts'
import { closeAll } from '../close.ts'
import { openHome } from '../home/index.ts'
import { openLevelStore } from '../state/index.ts'
import { nobody, untrained } from './at-rest.ts'
import { NodeBlocks } from './blocks.ts'
import type { AuditReport } from '../../engine/audit/index.ts'
import type { Closer } from '../close.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Blockstores } from '../blockstore/index.ts'
import type { StateStore } from '../../../src/state/index.ts'

export interface VerifyLedgerOptions {
  signal?: AbortSignal
  /** Told after each height. */
  onProgress?(height: number, of: number): void
}

/**
 * Check the whole ledger of a home, and change nothing in it. What is wrong with the ledger is in the report.
 *
 * @throws {NoFederationError | StateStoreLockedError | StateStoreCorruptError | DamagedHomeError | …}
 */
export async function verifyLedger(dir: string, options: VerifyLedgerOptions = {}): Promise<AuditReport> {
  const home = await openHome(dir)
  const manifest = await home.manifest()
  const closers: Closer[] = []
  try {
    const state = await openLevelStore(home.paths.state)
    closers.push(async () => await state.close())
    const stores = await createBlockstores(home.paths.blocks, { keepDamaged: true })
    closers.push(async () => await stores.close())
    return await auditStores({ manifest, state, stores, ...options })
  } finally {
    await closeAll(closers.reverse())
  }
}

/** What an audit reads. */
export interface AuditedStores extends VerifyLedgerOptions {
  manifest: Signed<Manifest>
  state: StateStore
  stores: Blockstores
}

/** Check a ledger in stores that are open. */
export async function auditStores({
  manifest,
  state,
  stores,
  ...options
}: AuditedStores): Promise<AuditReport> {
  const trainer = untrained(manifest.value)
  const { blockSizeBytes } = manifest.value.exchange
  const blocks = new NodeBlocks({ stores, exchange: nobody(stores.view), blockSizeBytes })
  const components = { blocks, trainer }
  const nowhere = { holders: () => [], signal: options.signal ?? new AbortController().signal }
  return await auditLedger({
    manifest,
    ledger: new Ledger(state),
    votes: new VoteLog(state),
    genesis: await foundingTip({ federation: manifest.cid, manifest: manifest.value, components }),
    store: stores.view,
    here: { blocks, weights: async (tip) => await weightsOf(tip, components, nowhere) },
    ...options
  })
}
