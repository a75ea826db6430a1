/** Signed records with their kind: opened once at the edge, then passed on as values that cannot be wrong. */
import { revocationType } from '../../src/federation/revocation.ts'
import { joinType, proposalType, updateType, voteType } from '../../src/federation/records.ts'
import { open } from '../../src/federation/signed.ts'
import type { WireRecord } from './components.ts'
import type { Revocation } from '../../src/federation/revocation.ts'
import type { Join, Proposal, Update, Vote } from '../../src/federation/records.ts'
import type { Signed } from '../../src/federation/signed.ts'

/** Belongs to one height. */
export type RoundRecord =
  | { kind: 'update'; signed: Signed<Update> }
  | { kind: 'proposal'; signed: Signed<Proposal> }
  | { kind: 'vote'; signed: Signed<Vote> }

export type OpenRecord =
  RoundRecord | { kind: 'join'; signed: Signed<Join> } | { kind: 'revocation'; signed: Signed<Revocation> }

/** Check the signature and the schema of a record that came by other ways than gossip. */
export async function openRecord({ kind, bytes }: Pick<WireRecord, 'kind' | 'bytes'>): Promise<OpenRecord> {
  switch (kind) {
    case 'update':
      return { kind, signed: await open(updateType, bytes) }
    case 'proposal':
      return { kind, signed: await open(proposalType, bytes) }
    case 'vote':
      return { kind, signed: await open(voteType, bytes) }
    case 'join':
      return { kind, signed: await open(joinType, bytes) }
    case 'revocation':
      return { kind, signed: await open(revocationType, bytes) }
  }
}

/** A record ready to travel. */
export function wire({ kind, signed }: OpenRecord): WireRecord {
  return { kind, cid: signed.cid, bytes: signed.bytes }
}
