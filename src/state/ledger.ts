/** The ledger on disk: one entry a commit, by height, and an index by CID. */
import { z } from 'zod'
import { decode, encode } from '../federation/cbor.ts'
import { bytesField, cidField } from '../federation/fields.ts'
import { commitType } from '../federation/records.ts'
import { LedgerConflictError, LedgerCorruptError, LedgerGapError } from './errors.ts'
import { heightKey, heightOfKey } from './keys.ts'
import type { StateStore, StateWrite } from './store.ts'
import type { RecordSchema } from '../federation/cbor.ts'
import type { CID } from 'multiformats/cid'

const COMMITS = 'ledger/commit/'
const BY_CID = 'ledger/cid/'

/** A commit as it is stored. `bytes` are its encoding; `cid` is its id (of the commit body). */
export interface LedgerEntry {
  height: number
  cid: CID
  bytes: Uint8Array
}

const storedType: RecordSchema<{ cid: CID; bytes: Uint8Array }> = {
  name: 'ledger entry',
  schema: z.strictObject({ cid: cidField, bytes: bytesField(commitType.maxBytes) }),
  maxBytes: commitType.maxBytes + 128
}

const heightType: RecordSchema<number> = { name: 'height', schema: z.int().min(0), maxBytes: 16 }

/** Append-only, without gaps: heights follow each other, from whichever height was appended first. */
export class Ledger {
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
  }

  /**
   * Append a commit, and with it, in one atomic write, whatever must change at the same instant (a new roster, pruned
   * votes). To append the same commit again writes only `extra`.
   *
   * @throws {LedgerGapError} the height does not follow the head's
   * @throws {LedgerConflictError} another commit has this height
   */
  async append(entry: LedgerEntry, extra: StateWrite[] = []): Promise<void> {
    const head = await this.head()
    const isNew = head == null || entry.height > head.height
    if (isNew) assertFollows(entry, head)
    else await this.#assertSame(entry)
    await this.#store.write([...(isNew ? writesOf(entry) : []), ...extra])
  }

  /** The latest commit; undefined while there is none. */
  async head(): Promise<LedgerEntry | undefined> {
    for await (const { key, value } of this.#store.entries(COMMITS, { reverse: true, limit: 1 })) {
      return entryOf(key, value)
    }
    return undefined
  }

  async get(height: number): Promise<LedgerEntry | undefined> {
    const key = heightKey(COMMITS, height)
    const value = await this.#store.get(key)
    return value == null ? undefined : entryOf(key, value)
  }

  /** At most `limit` commits from height `from` on, ascending. Reads one at a time: commits can be large. */
  async *range(from: number, limit = Infinity): AsyncIterable<LedgerEntry> {
    for (let height = from; height < from + limit; height++) {
      const entry = await this.get(height)
      if (entry == null) return
      yield entry
    }
  }

  async byCid(cid: CID): Promise<LedgerEntry | undefined> {
    const key = `${BY_CID}${cid}`
    const value = await this.#store.get(key)
    if (value == null) return undefined
    return await this.get(readAs(key, () => decode(heightType, value)))
  }

  async #assertSame(entry: LedgerEntry): Promise<void> {
    const stored = await this.get(entry.height)
    if (stored == null) throw new LedgerGapError(entry.height, ((await this.head())?.height ?? 0) + 1)
    if (!stored.cid.equals(entry.cid)) {
      throw new LedgerConflictError(entry.height, String(entry.cid), String(stored.cid))
    }
  }
}

function assertFollows(entry: LedgerEntry, head: LedgerEntry | undefined): void {
  if (head != null && entry.height !== head.height + 1)
    throw new LedgerGapError(entry.height, head.height + 1)
}

function writesOf({ height, cid, bytes }: LedgerEntry): StateWrite[] {
  return [
    { key: heightKey(COMMITS, height), value: encode({ cid, bytes }) },
    { key: `${BY_CID}${cid}`, value: encode(height) }
  ]
}

function entryOf(key: string, value: Uint8Array): LedgerEntry {
  const { cid, bytes } = readAs(key, () => decode(storedType, value))
  return { height: heightOfKey(key), cid, bytes }
}

function readAs<T>(key: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new LedgerCorruptError(key, { cause })
  }
}
