/**
 * The Node peer as a library.
 *
 * @example
 *
 * ```ts
 * const peer = await createPeer({ home: './alice', data: { path: './my-images' } })
 * peer.addEventListener('commit', ({ detail }) => console.log(detail.round, detail.evaluation))
 * await peer.start()
 * const { cid } = await peer.waitForRound()
 * await peer.stop()
 * ```
 */
import { NodePeer } from './peer/peer.ts'
import type { Peer, PeerInit } from './types.ts'

/**
 * Open the peer of a home directory: its key, its state, its data, its training thread. `start()` takes it online;
 * `stop()` releases everything, also if it was never started.
 *
 * @throws {NoFederationError} nothing was founded or joined in the home
 * @throws {NoDataError} neither `data` nor `trainer`
 * @throws {WrongPassphraseError | PermissionsError | DamagedHomeError | StateStoreLockedError | DataError | …}
 */
export async function createPeer(init: PeerInit): Promise<Peer> {
  return await NodePeer.open(init)
}

export * from './home/index.ts'
export { describeData, openData } from './data/index.ts'
export { NoAddressError, readInvite } from './invites.ts'
export { InviteUnreachableError, joinFederation, knock } from './joining.ts'
export {
  describeModel,
  evaluateOn,
  exportModel,
  NoPersonalModelError,
  predictExamples,
  readPersonal,
  savePersonal
} from './model/index.ts'
export { personalise, personalManifest } from '../../src/training/personal.ts'
export { InvalidAddressError } from './network/addresses.ts'
export { openAtRest } from './peer/at-rest.ts'
export { verifyLedger } from './peer/audit.ts'
export { RecoveryNotNeededError } from './peer/recovery.ts'
export { NoRecoveryError } from '../engine/branches/index.ts'
export { NoDataError } from './peer/identity.ts'
export { PeerStoppedError } from './peer/peer.ts'
export { startTrainingWorker, TrainingWorkerError } from './training/index.ts'
// What a founder needs; the rest of the pure core is `murmuration/core`.
export * from '../../src/federation/errors.ts'
export * from '../../src/federation/manifest/index.ts'
export { DataError } from '../../src/data/errors.ts'
export { RefusedError } from '../../protocols/common/errors.ts'
export type { OpenedData } from './data/index.ts'
export type { InviteSummary } from './invites.ts'
export type * from './model/index.ts'
export type { Dataset, DataSplit } from '../../src/data/dataset.ts'
export type { Contribution, Metrics } from '../../src/federation/records.ts'
export type { Signed } from '../../src/federation/signed.ts'
export type * from '../../src/training/types.ts'
export type { Invitation, KnockOptions } from './joining.ts'
export type { PersonalInit, PersonalModel } from '../../src/training/personal.ts'
export type { TrainingWorkerInit } from './training/index.ts'
export type { VerifyLedgerOptions } from './peer/audit.ts'
export type { AuditReport, Branch, Defect } from '../engine/audit/index.ts'
export type { PeerAtRest } from './peer/at-rest.ts'
export type * from './types.ts'
