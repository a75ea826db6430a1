/** The ledger on disk: one entry a commit, by height, and an index by CID. */
import { z } from 'zod'
import { decode, encode } from '../federation/cbor.ts'
import { bytesField, cidField } from '../federation/fields.ts'
import { commitType, MAX_ROSTER, updateType } from '../federation/records.ts'
import { maxEnvelopeBytes } from '../federation/signed.ts'
import { LedgerConflictError, LedgerGapError } from './errors.ts'
import { heightKey, heightOfKey } from './keys.ts'
import { readAs } from './read.ts'
import type { StateStore, StateWrite } from './store.ts'
import type { RecordSchema } from '../federation/cbor.ts'
import type { CID } from 'multiformats/cid'

const COMMITS = 'ledger/commit/'
const BY_CID = 'ledger/cid/'
const UPDATES = 'ledger/updates/'

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

const MAX_UPDATE_BYTES = maxEnvelopeBytes(updateType)

/** No more than a roster sends them. */
const updatesType: RecordSchema<Uint8Array[]> = {
  name: 'updates of a commit',
  schema: z.array(bytesField(MAX_UPDATE_BYTES)).max(MAX_ROSTER),
  maxBytes: MAX_ROSTER * (MAX_UPDATE_BYTES + 4) + 16
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

  /** Of the latest commit, which is not looked at; 0 while there is none. */
  async height(): Promise<number> {
    for await (const { key } of this.#store.entries(COMMITS, { reverse: true, limit: 1 }))
      return heightOfKey(key)
    return 0
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
    const height = await this.heightOf(cid)
    return height == null ? undefined : await this.get(height)
  }

  /** The height that the index gives a commit. */
  async heightOf(cid: CID): Promise<number | undefined> {
    const key = `${BY_CID}${cid}`
    const value = await this.#store.get(key)
    return value == null ? undefined : readAs(key, () => decode(heightType, value))
  }

  /** What the index says: the height of each commit by its CID (text), in no order. */
  async *index(): AsyncIterable<{ cid: string; height: number }> {
    for await (const { key, value } of this.#store.entries(BY_CID))
      yield { cid: key.slice(BY_CID.length), height: readAs(key, () => decode(heightType, value)) }
  }

  /** The write that keeps the signed updates which a commit counts, for whoever wants to check it later. */
  updatesWrite(height: number, updates: readonly Uint8Array[]): StateWrite {
    return { key: heightKey(UPDATES, height), value: encode(updates) }
  }

  /** The signed updates that the commit of a height counts; undefined when they did not come this way. */
  async updates(height: number): Promise<Uint8Array[] | undefined> {
    const key = heightKey(UPDATES, height)
    const value = await this.#store.get(key)
    return value == null ? undefined : readAs(key, () => decode(updatesType, value))
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
