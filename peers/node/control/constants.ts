/** Limits of the control socket, each with its reason. */

export const SOCKET_NAME = 'control.sock'
/** `sun_path` is 104 bytes on macOS and 108 on Linux, the closing zero included. */
export const MAX_SOCKET_PATH_BYTES = 100
/** A request is a signed recovery at most, in base64 (see `recordField` in schema.ts). */
export const MAX_BODY_BYTES = 192 * 1024
/** One commit of a ledger with 1024 contributions, or a status with as many members, as JSON. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024
/** The largest model: 256 Mi parameters of 4 bytes. */
export const MAX_WEIGHTS_BYTES = 1024 * 1024 * 1024
