/** Recoveries that this peer has heard of and its operator has not followed: they survive a restart, as a no does. */
import { z } from 'zod'
import { decode, encode } from '../federation/cbor.ts'
import { bytesField } from '../federation/fields.ts'
import { commitType } from '../federation/records.ts'
import { readAs } from './read.ts'
import type { StateStore, StateWrite } from './store.ts'
import type { RecordSchema } from '../federation/cbor.ts'

const RECOVERIES = 'recovery/'

/** A recovery as it is kept. */
export interface KeptRecovery {
  /** The commit that it is, encoded. */
  bytes: Uint8Array
  /** The operator said no. */
  refused: boolean
}

const keptType: RecordSchema<KeptRecovery> = {
  name: 'recovery heard of',
  schema: z.strictObject({ bytes: bytesField(commitType.maxBytes), refused: z.boolean() }),
  maxBytes: commitType.maxBytes + 64
}

/** By the CID (text) of the commit that each would be. */
export class RecoveryLog {
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
  }

  async put(cid: string, kept: KeptRecovery): Promise<void> {
    await this.#store.write([{ key: `${RECOVERIES}${cid}`, value: encode(kept) }])
  }

  async forget(cids: readonly string[]): Promise<void> {
    const writes: StateWrite[] = cids.map((cid) => ({ key: `${RECOVERIES}${cid}`, value: null }))
    if (writes.length > 0) await this.#store.write(writes)
  }

  async all(): Promise<Map<string, KeptRecovery>> {
    const kept = new Map<string, KeptRecovery>()
    for await (const { key, value } of this.#store.entries(RECOVERIES))
      kept.set(
        key.slice(RECOVERIES.length),
        readAs(key, () => decode(keptType, value))
      )
    return kept
  }
}
