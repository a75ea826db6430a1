/**
 * The one interface through which a peer keeps state: an ordered map from text keys to bytes, whose writes are atomic
 * and, when the promise resolves, on disk. Votes, locks, commits and certificates live here; bulk bytes live in a
 * blockstore.
 */

export type StateWrite = { key: string; value: Uint8Array } | { key: string; value: null }

export interface StateStore {
  get(key: string): Promise<Uint8Array | undefined>
  /** Entries whose key starts with `prefix`, in key order (or its reverse). */
  entries(
    prefix: string,
    options?: { reverse?: boolean; limit?: number }
  ): AsyncIterable<{ key: string; value: Uint8Array }>
  /** All writes or none; synced to disk before it resolves; in the order of the calls. `value: null` deletes. */
  write(writes: StateWrite[]): Promise<void>
  close(): Promise<void>
}
