/** Sizes that every DAG of blocks keeps to. A root that claims anything else is refused before a block is asked for. */

/** Below this the framing and the round trips cost more than the bytes. */
export const MIN_BLOCK_BYTES = 16 * 1024
/** Above this a block no longer fits several times into a libp2p stream's 4 MiB read buffer. */
export const MAX_BLOCK_BYTES = 1024 * 1024
/** Large enough for full speed on loopback (test/bench/blocks.ts), small enough to share out among holders. */
export const DEFAULT_BLOCK_BYTES = 256 * 1024
/** A root lists 41 bytes a block and must itself fit into one block: 16,384 × 41 B = 656 KiB. */
export const MAX_DAG_BLOCKS = 16_384
/** 1 G fp32 parameters. With blocks of 256 KiB this is exactly `MAX_DAG_BLOCKS`. */
export const MAX_DAG_BYTES = 4 * 1024 * 1024 * 1024
