/** The protocol's name and limits, each with its reason. */
import { commitType, proposalType } from '../../src/federation/records.ts'

export const LEDGER_PROTOCOL = '/murmuration/ledger/1.0.0'

const KIB = 1024
const MIB = 1024 * KIB
const SECOND_MS = 1000

/** Records that a requester may say it has: an update and both votes of a full roster in one view. */
export const MAX_HAVE = 4096
/** Bytes of a record's id on the wire: 2⁶⁴ work to make two records share one, and nothing is gained by it. */
export const RECORD_ID_BYTES = 16
/** A full `have` (17 bytes an id), the federation and numbers. */
export const MAX_REQUEST_BYTES = MAX_HAVE * (RECORD_ID_BYTES + 1) + KIB

/** Frame framing and a record's envelope (see ENVELOPE_OVERHEAD_BYTES in src/federation/signed.ts). */
const OVERHEAD_BYTES = KIB
/** The largest commit or proposal in its frame. */
export const MAX_FRAME_BYTES = Math.max(commitType.maxBytes, proposalType.maxBytes) + OVERHEAD_BYTES
/**
 * The most bytes one answer carries; the requester asks again for the rest. An answer so fits into the reader's buffer
 * as a whole (libp2p aborts a stream whose reader is more than 4 MiB behind), and no credit is needed.
 */
export const MAX_ANSWER_BYTES = 3 * MIB
/** What a client asks for when it names nothing. */
export const DEFAULT_ANSWER_BYTES = 2 * MIB
/** The smallest record is a vote of about 200 bytes. */
export const MAX_ANSWER_FRAMES = 16 * KIB

/** Requests under way from one peer: a head, a catch-up and one that is closing, twice. */
export const MAX_STREAMS_PER_PEER = 6
/** Requests under way in all: bounds what is read from disk at once to 64 × 2 MiB. */
export const MAX_STREAMS = 64
/** Requests a peer may make a second; an engine that lacks something makes a few. */
export const REQUESTS_PER_SECOND = 50
/** A newcomer asks again and again until it has the whole ledger. */
export const REQUEST_BURST = 200
/** Peers whose rate is remembered. */
export const MAX_RATED_PEERS = 4096

/** A request follows the opening of its stream at once. */
export const REQUEST_TIMEOUT_MS = 5 * SECOND_MS
/** A whole answer: 3 MiB at 100 KiB/s. */
export const ANSWER_TIMEOUT_MS = 30 * SECOND_MS
