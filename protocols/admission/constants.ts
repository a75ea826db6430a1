/** Limits of the admission protocol, each with its reason. */

/** Who are you, and may you be here. */
export const ADMISSION_PROTOCOL = '/murmuration/admission/1.0.0'

/** A connection on which nobody was admitted by then is closed: strangers do not occupy connections. */
export const ADMISSION_TIMEOUT_MS = 10_000
/** For the last words on a connection that is about to be closed. */
export const CLOSE_TIMEOUT_MS = 1_000

/**
 * Peers at a time, dialled and dialling apart, that this one catches up from to find out whether they are members: as
 * many as are worth asking at once, so that strangers with old invites neither cost much nor keep members out that were
 * dialled.
 */
export const MAX_PROVISIONAL = 4

/** One exchange, and one refusal by a peer that revokes; more at a time no peer needs. */
export const MAX_STREAMS = 2

/**
 * Hellos that a member may repeat on a connection on which it was admitted: as often as a busy ledger admits somebody
 * new, and not so often that answering (a check of signatures, up to 256 peers told) costs anything that counts.
 */
export const REPEATS_PER_SECOND = 2
export const REPEATS_AT_ONCE = 10
/** Members whose repetitions are counted. */
export const MAX_REPEATING = 1024

/** What a stream may send while its peer's admission is under way: yamux's initial window. */
export const HELD_STREAM_BYTES = 256 * 1024

/** Addresses that a peer names of itself; above what a few transports on a few interfaces need. */
export const MAX_OWN_ADDRESSES = 16
/** Members told to a newcomer: enough to find everybody else through them. */
export const MAX_KNOWN_PEERS = 256
/** Addresses told of each of them. */
export const MAX_KNOWN_ADDRESSES = 8

/** A certificate (8 KiB) and 16 addresses (half a KiB each). */
export const MAX_HELLO_BYTES = 20 * 1024
/** A certificate, a manifest (2 MiB) and 256 members with 8 addresses each (1 MiB and a bit). */
export const MAX_WELCOME_BYTES = 3.5 * 1024 * 1024
export const MAX_MANIFEST_BYTES = 2 * 1024 * 1024 + 256
/** Two bytes of CBOR or a refusal. */
export const MAX_VERDICT_BYTES = 8 * 1024

/** After a refusal the peer is left alone this long; twice as long after each further one. */
export const FIRST_BACKOFF_MS = 1_000
export const LAST_BACKOFF_MS = 60_000
/** Refusals remembered; the oldest is forgotten first. */
export const MAX_REFUSALS = 1024
