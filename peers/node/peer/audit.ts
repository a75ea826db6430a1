/** Checking the ledger of a home in which no peer runs. */
import { auditLedger } from '../../engine/audit/index.ts'
import { checkpointOf, foundingTip } from '../../engine/tip.ts'
import { Ledger, VoteLog } from '../../../src/state/index.ts'
import { closeAll } from '../close.ts'
import { openHome } from '../home/index.ts'
import { fromNobody, modelsAtRest } from './at-rest.ts'
import { openStorage } from './storage.ts'
import type { AuditReport } from '../../engine/audit/index.ts'
import type { Closer } from '../close.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Storage } from './storage.ts'

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
    const storage = await openStorage(home, { keepDamaged: true }, (closer) => closers.push(closer))
    return await auditStores({ manifest, ...storage, ...options })
  } finally {
    await closeAll(closers.reverse())
  }
}

/** What an audit reads. */
export interface AuditedStores extends VerifyLedgerOptions, Storage {
  manifest: Signed<Manifest>
}

/** Check a ledger in stores that are open. */
export async function auditStores({
  manifest,
  state,
  stores,
  ...options
}: AuditedStores): Promise<AuditReport> {
  const components = modelsAtRest(stores, manifest.value)
  return await auditLedger({
    manifest,
    ledger: new Ledger(state),
    votes: new VoteLog(state),
    genesis: await foundingTip({ federation: manifest.cid, manifest: manifest.value, components }),
    store: stores.view,
    here: {
      blocks: components.blocks,
      checkpoint: async (tip) => await checkpointOf(tip, components, fromNobody(options.signal))
    },
    ...options
  })
}
