/**
 * What this peer has said in the agreement of each height (votes sent, lock, valid value), as opaque bytes. It is on
 * disk before a vote leaves, so that a restarted peer never says two things: Tendermint's safety rests on it.
 */
import { heightKey, heightOfKey } from './keys.ts'
import type { StateStore, StateWrite } from './store.ts'

const VOTES = 'votes/'

/** One record a height, the newest replacing the one before. */
export class VoteLog {
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
  }

  /** When this resolves the record is on disk, and the vote that it describes may be sent. */
  async put(height: number, state: Uint8Array): Promise<void> {
    await this.#store.write([this.putWrite(height, state)])
  }

  /** The same as a write, to go into one atomic batch with others. */
  putWrite(height: number, state: Uint8Array): StateWrite {
    return { key: heightKey(VOTES, height), value: state }
  }

  async get(height: number): Promise<Uint8Array | undefined> {
    return await this.#store.get(heightKey(VOTES, height))
  }

  /** The record of the greatest height. */
  async latest(): Promise<{ height: number; state: Uint8Array } | undefined> {
    for await (const { key, value } of this.#store.entries(VOTES, { reverse: true, limit: 1 })) {
      return { height: heightOfKey(key), state: value }
    }
    return undefined
  }

  /** The writes that forget all heights up to `height`: for `Ledger.append`'s extra writes, once it is committed. */
  async pruneWrites(height: number): Promise<StateWrite[]> {
    const writes: StateWrite[] = []
    for await (const { key } of this.#store.entries(VOTES)) {
      if (heightOfKey(key) > height) break
      writes.push({ key, value: null })
    }
    return writes
  }
}
