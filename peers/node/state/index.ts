/** State on disk, for the Node peer. */
export { StateStoreCorruptError, StateStoreLockedError, StateStoreUnusableError } from './errors.ts'
export { openLevelStore } from './level.ts'
