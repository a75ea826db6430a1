/** Where to find what this peer's updates have left out (error feedback): roots of vectors, which are kept as blocks. */
import { z } from 'zod'
import { decode, encode } from '../federation/cbor.ts'
import { cidField, countField } from '../federation/fields.ts'
import { readAs } from './read.ts'
import type { StateStore } from './store.ts'
import type { RecordSchema } from '../federation/cbor.ts'
import type { CID } from 'multiformats/cid'

const KEY = 'residuals'
/** Updates of one height that are remembered: a peer that is restarted in a round makes another. */
const MAX_SENT = 16

const residualsSchema = z.strictObject({
  /** Of the latest update that a commit counted; null: nothing is left out. */
  settled: cidField.nullable(),
  /** Of updates that no commit has counted as far as was looked. */
  sent: z.array(z.strictObject({ height: countField, update: cidField, residual: cidField })).max(MAX_SENT)
})

export type Residuals = z.output<typeof residualsSchema>

/** An update, and the root of what it leaves out if a commit counts it. */
export interface SentResidual {
  height: number
  update: CID
  residual: CID
}

const residualsType: RecordSchema<Residuals> = {
  name: 'residuals',
  schema: residualsSchema,
  maxBytes: 4096
}

/** One record, the newest replacing the one before. */
export class ResidualLog {
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
  }

  async get(): Promise<Residuals> {
    const bytes = await this.#store.get(KEY)
    return bytes == null ? { settled: null, sent: [] } : readAs(KEY, () => decode(residualsType, bytes))
  }

  /** The oldest of too many that were sent are forgotten. */
  async put({ settled, sent }: Residuals): Promise<Residuals> {
    const kept = { settled, sent: sent.slice(-MAX_SENT) }
    await this.#store.write([{ key: KEY, value: encode(kept) }])
    return kept
  }
}
