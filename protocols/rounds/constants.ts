/** The topic's name and limits, each with its reason. */
import { proposalType } from '../../src/federation/records.ts'
import type { CID } from 'multiformats/cid'

const KIB = 1024
const MIB = 1024 * KIB

/** All members of a federation talk on one topic. */
export function roundsTopic(federation: CID): string {
  return `/murmuration/${federation}/rounds/1`
}

/** The largest record (a proposal with a full roster) with its envelope and the message around it. */
export const MAX_MESSAGE_BYTES = proposalType.maxBytes + KIB
/**
 * A gossip RPC carries several messages. Gossipsub's encoder cannot send more than 4 MiB, so with this limit nothing
 * that an honest peer sends is too large. (A receiver forgets a sender that once exceeds its limit, silently.)
 */
export const MAX_RPC_BYTES = 4 * MIB
/** What may queue for a slow peer: 32 of the largest proposals. Beyond it its stream is reset. */
export const MAX_OUTBOUND_BYTES = 64 * MIB

/** Heights after the current one whose records are passed on: the sender may just have committed. */
export const MAX_HEIGHTS_AHEAD = 2
/** Records remembered to drop repeats: an update and two votes in each of two views, of a full roster. */
export const MAX_REMEMBERED = 8192

/** A round takes at least a few milliseconds and a member sends some five records in it. */
export const TOKENS_PER_SECOND = 400
export const TOKEN_BURST = 800
/** Each begun 16 KiB of a record cost one token more: at most three of the largest proposals a second. */
export const BYTES_PER_TOKEN = 16 * KIB
/** Authors whose rate is remembered. */
export const MAX_RATED_AUTHORS = 4096
