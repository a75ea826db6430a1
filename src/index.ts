/**
 * The learning core, `murmuration/core`: records of a federation, models, training, aggregation and the round machine.
 * It opens no file and no socket, and takes clocks and randomness from its caller, so it runs in a page as in Node.
 * A peer that joins all this with disk and network is `createPeer()` of the package's main entry.
 */
// What a federation fixes, and what its members sign.
export * from './federation/manifest/index.ts'
export * from './federation/errors.ts'
export { checkExpiry, createInvite, encodeInvite, inviteId, parseInvite } from './federation/invite.ts'
export { certify, openCertificate, selfCertify, verifyCertificate } from './federation/certificate.ts'
export { applyCommit } from './federation/change.ts'
export { openRevocation, revoke } from './federation/revocation.ts'
export {
  activeMember,
  activeMembers,
  checkAdmission,
  genesisMembership,
  isAdmin
} from './federation/membership.ts'
export { commitType, joinType, proposalType, updateType, voteType } from './federation/records.ts'
export { cidOf, decode, encode, InvalidRecordError, toBlock } from './federation/cbor.ts'
export { InvalidSignatureError, open, seal } from './federation/signed.ts'
export type { Capability, Invite, InviteInit } from './federation/invite.ts'
export type { Certificate, Role, VerifiedCertificate } from './federation/certificate.ts'
export { openRecovery, signRecovery } from './federation/recovery.ts'
export type { Recovery } from './federation/recovery.ts'
export type { Revocation } from './federation/revocation.ts'
export type { Member, MembershipState } from './federation/membership.ts'
export type * from './federation/records.ts'
export type { Block, RecordSchema } from './federation/cbor.ts'
export type { Signed, SignedType } from './federation/signed.ts'

// How a round comes to its result, and what a peer must not forget of it.
export * from './rounds/index.ts'
export * from './state/index.ts'

// Deltas: as bytes, as blocks, as one.
export * from './aggregation/index.ts'
export {
  codecFor,
  codecOf,
  MalformedPayloadError,
  PayloadLengthError,
  VectorRangeError
} from './codecs/index.ts'
export type { Codec, VectorReader } from './codecs/index.ts'
export * from './blocks/index.ts'

// Models, and their weights as one vector.
export { planFor } from './model/task.ts'
export { buildModel, getFlat, setFlat } from './model/build.ts'
export { initialWeights } from './model/initial.ts'
export { layoutOf } from './model/layout.ts'
export { parseTopology } from './model/topology/parse.ts'
export { planModel } from './model/topology/plan.ts'
export { readKerasModel, writeKerasModel } from './model/files/keras.ts'
export { readSafetensors, writeSafetensors } from './model/files/safetensors.ts'
export { namedTensors } from './model/files/tensors.ts'
export * from './model/errors.ts'
export type { BuiltModel } from './model/build.ts'
export type { Layout, LayoutEntry } from './model/layout.ts'
export type { KerasFiles, KerasModel, ModelMetadata } from './model/files/keras.ts'
export type { SafetensorsFile } from './model/files/safetensors.ts'
export type { NamedTensor } from './model/files/tensors.ts'
export type { ModelManifest } from './model/task.ts'
export type { ModelPlan } from './model/topology/plan.ts'

// Training on one peer's data, and using the result.
export { createTrainer } from './training/trainer.ts'
export { evaluateModel, featuresDataset, predict } from './training/predict.ts'
export * from './training/errors.ts'
export { BackendRefusedError, NoBackendError } from './compute/choose.ts'
export { backendNames } from './compute/names.ts'
export type { Predictions, UseModelInit } from './training/predict.ts'
export type { TrainerInit } from './training/trainer.ts'
export type * from './training/types.ts'
export type { BackendAttempt, BackendCandidate } from './compute/choose.ts'
export type { BackendName } from './compute/names.ts'

// Data, and draws that are equal on every platform.
export * from './data/index.ts'
export * from './random.ts'
