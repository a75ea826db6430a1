/** Where to find vectors that follow from this peer's own updates: their roots, by the update that each follows from. */
import { z } from 'zod'
import { decode, encode } from '../federation/cbor.ts'
import { cidField, countField } from '../federation/fields.ts'
import { readAs } from './read.ts'
import type { StateStore } from './store.ts'
import type { RecordSchema } from '../federation/cbor.ts'

/** One that was counted, and updates of one height: a peer that is restarted in a round makes another. */
const MAX_MADE = 17

const madeSchema = z.strictObject({ height: countField, update: cidField, vector: cidField })

/** An update of this peer, and the root of what follows from it if a commit counts it. */
export type MadeVector = z.output<typeof madeSchema>

const listType: RecordSchema<MadeVector[]> = {
  name: 'vectors of own updates',
  schema: z.array(madeSchema).max(MAX_MADE),
  maxBytes: 4096
}

/** One record, the newest replacing the one before. */
export class CountedLog {
  readonly #store: StateStore
  readonly #key: string

  /** @param key - of what kind of vectors, e.g. 'controls' */
  constructor(store: StateStore, key: string) {
    this.#store = store
    this.#key = key
  }

  /** By height, ascending. */
  async get(): Promise<MadeVector[]> {
    const bytes = await this.#store.get(this.#key)
    return bytes == null ? [] : readAs(this.#key, () => decode(listType, bytes))
  }

  /** Of too many, those after the first are forgotten: that one may have been counted. */
  async put(made: readonly MadeVector[]): Promise<MadeVector[]> {
    const kept = made.length <= MAX_MADE ? [...made] : [made[0], ...made.slice(1 - MAX_MADE)]
    await this.#store.write([{ key: this.#key, value: encode(kept) }])
    return kept
  }
}
