/** What simulated peers tell each other and keep. Nothing is signed: a record comes from whom it says it comes from. */
import type { CommitBody, Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Resume, VoteKind } from '../../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

/** An update with its addresses as text, made once. */
export interface SimUpdate {
  signed: Signed<Update>
  /** Of the record, and of its payload. */
  address: string
  payload: string
}

export interface UpdateRecord {
  kind: 'update'
  key: string
  from: string
  height: number
  update: SimUpdate
}

export interface ProposalRecord {
  kind: 'proposal'
  key: string
  from: string
  height: number
  view: number
  validView: number
  /** Address of `body`. */
  address: string
  body: CommitBody
  updates: readonly SimUpdate[]
  /** The proofs that the body carries. */
  evidence: readonly EvidenceRecord[]
}

export interface VoteRecord {
  kind: 'vote'
  key: string
  from: string
  height: number
  view: number
  vote: VoteKind
  /** Address of the body voted for; null is nil. */
  body: string | null
}

export interface JoinRecord {
  kind: 'join'
  key: string
  from: string
}

/** A proof that somebody voted twice: of the bytes that a commit carries, `key` is the text. */
export interface EvidenceRecord {
  kind: 'evidence'
  key: string
  from: string
  votes: readonly [VoteRecord, VoteRecord]
}

/** Belongs to one height. */
export type HeightRecord = UpdateRecord | ProposalRecord | VoteRecord
/** `key` is the same for records that say the same. */
export type SimRecord = HeightRecord | JoinRecord | EvidenceRecord

/** A commit as it is kept and handed on: with the votes that prove it and the model it commits. */
export interface SimCommit {
  cid: CID
  address: string
  body: CommitBody
  weights: Float32Array
  votes: readonly VoteRecord[]
}

/** What a peer has said at a height, and what it takes to convince others of its lock again. */
export interface Said {
  resume: Resume
  proof: readonly HeightRecord[]
  /** Payloads of the updates behind the lock, by address. */
  payloads: ReadonlyMap<string, Float32Array>
}

/** What lies on a simulated peer's disk, by key. */
export type Stored =
  | { type: 'commit'; commit: SimCommit }
  | { type: 'said'; said: Said }
  | { type: 'payload'; delta: Float32Array }

export const commitKey = (height: number): string => `commit/${height}`
export const saidKey = (height: number): string => `votes/${height}`
export const payloadKey = (height: number): string => `payload/${height}`

export function updateRecord(height: number, update: SimUpdate): UpdateRecord {
  const { author } = update.signed
  return { kind: 'update', key: `u/${author}/${update.address}`, from: author, height, update }
}

export function proposalRecord(
  from: string,
  said: Omit<ProposalRecord, 'kind' | 'key' | 'from'>
): ProposalRecord {
  const key = `p/${from}/${said.height}/${said.view}/${said.validView}/${said.address}`
  return { ...said, kind: 'proposal', key, from }
}

export function voteRecord(from: string, said: Omit<VoteRecord, 'kind' | 'key' | 'from'>): VoteRecord {
  const key = `v/${from}/${said.height}/${said.view}/${said.vote}/${said.body}`
  return { ...said, kind: 'vote', key, from }
}

export function joinRecord(from: string): JoinRecord {
  return { kind: 'join', key: `j/${from}`, from }
}

export function evidenceRecord(from: string, votes: readonly [VoteRecord, VoteRecord]): EvidenceRecord {
  return { kind: 'evidence', key: `e/${votes[0].key}/${votes[1].key}`, from, votes }
}
