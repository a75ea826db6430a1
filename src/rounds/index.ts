/** The round machine and what it agrees on. */
export {
  genesisTip,
  isFinished,
  isLapse,
  lackedRoot,
  makeBody,
  makeContributions,
  nextHeight,
  observerRounds,
  recoveryBody,
  roundSeed
} from './body.ts'
export {
  admissible,
  banInForce,
  contradiction,
  EVIDENCE_HEIGHTS,
  InvalidEvidenceError,
  isBanned,
  isOver,
  offenceFault,
  openEvidence,
  reopenEvidence,
  selectOffences
} from './evidence.ts'
export { isOnCommittee } from './committee.ts'
export { controlsAt, followedBy } from './controls.ts'
export { deadlineMs } from './deadline.ts'
export { initialState, step } from './machine.ts'
export { proposerOf } from './agree.ts'
export { oneCorrect, quorumSize } from './quorum.ts'
export { isDivided, shardsOf } from './shards.ts'
export { voters } from './votes.ts'
export type { BodyInput, CheckedUpdate, Declaration, LedgerTip, MembershipChange } from './body.ts'
export type { Offence, SaidVote } from './evidence.ts'
export type { Shard } from './shards.ts'
export type * from './types.ts'
