/** Where to find this peer's own controls (src/training/controls.ts): roots of vectors, by the updates that they follow from. */
import { z } from 'zod'
import { decode, encode } from '../federation/cbor.ts'
import { cidField, countField } from '../federation/fields.ts'
import { readAs } from './read.ts'
import type { StateStore } from './store.ts'
import type { RecordSchema } from '../federation/cbor.ts'

const KEY = 'controls'
/** One that was counted, and updates of one height: a peer that is restarted in a round makes another. */
const MAX_MADE = 17

const madeSchema = z.strictObject({ height: countField, update: cidField, control: cidField })

/** An update of this peer, and the root of what its own control is if a commit counts it. */
export type MadeControl = z.output<typeof madeSchema>

const controlsType: RecordSchema<MadeControl[]> = {
  name: 'controls',
  schema: z.array(madeSchema).max(MAX_MADE),
  maxBytes: 4096
}

/** One record, the newest replacing the one before. */
export class ControlLog {
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
  }

  /** By height, ascending. */
  async get(): Promise<MadeControl[]> {
    const bytes = await this.#store.get(KEY)
    return bytes == null ? [] : readAs(KEY, () => decode(controlsType, bytes))
  }

  /** Of too many, those after the first are forgotten: that one may have been counted. */
  async put(made: readonly MadeControl[]): Promise<MadeControl[]> {
    const kept = made.length <= MAX_MADE ? [...made] : [made[0], ...made.slice(1 - MAX_MADE)]
    await this.#store.write([{ key: KEY, value: encode(kept) }])
    return kept
  }
}
