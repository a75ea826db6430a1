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
export { NoAddressError } from './invites.ts'
export { InviteUnreachableError, joinFederation, knock } from './joining.ts'
export { InvalidAddressError } from './network/addresses.ts'
export { openAtRest } from './peer/at-rest.ts'
export { NoDataError } from './peer/identity.ts'
export { PeerStoppedError } from './peer/peer.ts'
export { startTrainingWorker, TrainingWorkerError } from './training/index.ts'
export type { Invitation, KnockOptions } from './joining.ts'
export type { TrainingWorkerInit } from './training/index.ts'
export type { PeerAtRest } from './peer/at-rest.ts'
export type * from './types.ts'
