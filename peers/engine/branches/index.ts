/** Branches of the ledger: recoveries to decide about, and members who are on another one. */
export { NoRecoveryError, UndecidedRecoveryError } from './branches.ts'
export { BranchControl } from './control.ts'
export type { HeardRecovery } from './branches.ts'
export type { BranchState } from './control.ts'
export type { Fork } from './forks.ts'
