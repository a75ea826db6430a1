/** What a peer must not forget: the ledger and its own votes, over any {@link StateStore}. */
export { LedgerConflictError, LedgerCorruptError, LedgerGapError } from './errors.ts'
export { checkKey, InvalidKeyError, StateStoreClosedError } from './keys.ts'
export { Ledger } from './ledger.ts'
export { memoryStore } from './memory.ts'
export { VoteLog } from './votes.ts'
export type { LedgerEntry } from './ledger.ts'
export type { MemoryStore, MemoryStoreOptions } from './memory.ts'
export type { StateStore, StateWrite } from './store.ts'
