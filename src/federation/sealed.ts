/** Signed records with their kind: opened once at the edge, then passed on as values that cannot be wrong. */
import { evidenceType, joinType, proposalType, shardType, updateType, voteType } from './records.ts'
import { revocationType } from './revocation.ts'
import { open } from './signed.ts'
import type { EvidenceReport, Join, Proposal, RecordKind, ShardRecord, Update, Vote } from './records.ts'
import type { Revocation } from './revocation.ts'
import type { Signed } from './signed.ts'

/** A signed record, unopened. */
export interface SealedRecord {
  kind: RecordKind
  /** The envelope. */
  bytes: Uint8Array
}

/** Belongs to one height. */
export type RoundRecord =
  | { kind: 'update'; signed: Signed<Update> }
  | { kind: 'shard'; signed: Signed<ShardRecord> }
  | { kind: 'proposal'; signed: Signed<Proposal> }
  | { kind: 'vote'; signed: Signed<Vote> }

/** A record whose signature and schema hold. */
export type OpenRecord =
  | RoundRecord
  | { kind: 'join'; signed: Signed<Join> }
  | { kind: 'revocation'; signed: Signed<Revocation> }
  | { kind: 'evidence'; signed: Signed<EvidenceReport> }

/**
 * Check the signature and the schema of an untrusted record.
 *
 * @throws {InvalidRecordError} not of its schema
 * @throws {InvalidSignatureError} the signature does not hold
 */
export async function openRecord({ kind, bytes }: SealedRecord): Promise<OpenRecord> {
  switch (kind) {
    case 'update':
      return { kind, signed: await open(updateType, bytes) }
    case 'shard':
      return { kind, signed: await open(shardType, bytes) }
    case 'proposal':
      return { kind, signed: await open(proposalType, bytes) }
    case 'vote':
      return { kind, signed: await open(voteType, bytes) }
    case 'join':
      return { kind, signed: await open(joinType, bytes) }
    case 'revocation':
      return { kind, signed: await open(revocationType, bytes) }
    case 'evidence':
      return { kind, signed: await open(evidenceType, bytes) }
  }
}
