/** The protocol's name and limits, each with its reason. */
import { MAX_BLOCK_BYTES } from '../../src/blocks/limits.ts'

export const BLOCKS_PROTOCOL = '/murmuration/blocks/1.0.0'

const KIB = 1024
const MIB = 1024 * KIB
const SECOND_MS = 1000

/** CIDs in one request frame: 41 bytes each. */
export const MAX_WANTS_PER_FRAME = 64
/** A full request is 2.7 KiB. */
export const MAX_REQUEST_BYTES = 4 * KIB
/** An answer's header is at most a refusal: 1,024 characters of up to 4 bytes, and its code. */
export const MAX_ANSWER_BYTES = 5 * KIB
/** Wants a puller has sent on one stream and not yet seen answered. */
export const MAX_OUTSTANDING_WANTS = 64
/** Wants a server queues per stream: twice what an honest puller has outstanding. */
export const MAX_QUEUED_WANTS = 2 * MAX_OUTSTANDING_WANTS

/** Credit per fetch and stream. Below libp2p's 4 MiB read buffer, above loopback's bandwidth × delay. */
export const WINDOW_BYTES = 3 * MIB
/** What a server leaves queued in one stream's write buffer: one block, so that the next is read meanwhile. */
export const MAX_WRITE_BUFFER_BYTES = MAX_BLOCK_BYTES

/** Streams a puller opens to one peer: one for bulk, the others so that small fetches need not wait behind it. */
export const MAX_STREAMS_PER_PEER = 4
/** Served streams per peer, whatever its connections: twice the above, as closing ones may overlap new ones. */
export const MAX_SERVED_STREAMS_PER_PEER = 2 * MAX_STREAMS_PER_PEER
/** Served streams in all. Each holds at most two blocks, so this bounds a server's memory to 256 MiB. */
export const MAX_SERVED_STREAMS = 128
/** Holders that one fetch asks at once. More only shortens each one's share. */
export const MAX_LANES = 8

/** Wants a peer may make per second, and at once: 512 MiB/s in blocks of 64 KiB. Beyond it answers are delayed. */
export const WANTS_PER_SECOND = 8192
/** Peers whose rate is remembered: several times the largest roster. */
export const MAX_RATED_PEERS = 4096

/** A puller keeps an unused stream this long: rounds are usually closer together. */
export const IDLE_MS = 60 * SECOND_MS
/** A server closes an unused stream later than any honest puller. */
export const SERVER_IDLE_MS = 2 * IDLE_MS
/** A request frame must be whole this long after its first byte. */
export const REQUEST_TIMEOUT_MS = 10 * SECOND_MS
/** Opening a stream includes dialling; libp2p's own default. */
export const OPEN_TIMEOUT_MS = 10 * SECOND_MS
/** Closing waits this long for the other side, then resets. */
export const CLOSE_TIMEOUT_MS = 5 * SECOND_MS
/** Each side drops the other when fewer than `MIN_PROGRESS_BYTES` moved in this time. */
export const STALL_MS = 10 * SECOND_MS
/** With `STALL_MS`: 1.6 KiB/s, below any link that could finish a round. */
export const MIN_PROGRESS_BYTES = 16 * KIB
/** How often a fetch looks for new holders and for blocks that a slow holder sits on. */
export const TICK_MS = 250
/** A block asked for longer ago than this, and than `SLOW_FACTOR` mean answers, is asked for elsewhere as well. */
export const MIN_SLOW_MS = 1 * SECOND_MS
export const SLOW_FACTOR = 4
