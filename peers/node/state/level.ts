/**
 * The state store on disk: LevelDB, one batch a write, synced. A batch is one record in LevelDB's log, with a
 * checksum: after a crash it is there as a whole or not at all.
 *
 * @see https://github.com/google/leveldb/blob/main/doc/index.md#synchronous-writes
 */
import { mkdir } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import type { BatchOperation, IteratorOptions } from 'classic-level'
import { checkKey, StateStoreClosedError } from '../../../src/state/keys.ts'
import { createTurns } from '../../../src/turns.ts'
import { Listing } from './listing.ts'
import { StateStoreCorruptError, StateStoreLockedError, StateStoreUnusableError } from './errors.ts'
import { assertRoom } from './room.ts'
import { assertWhole } from './whole.ts'
import type { StateStore, StateWrite } from '../../../src/state/store.ts'

type Database = ClassicLevel<string, Uint8Array>
type Batch = BatchOperation<Database, string, Uint8Array>[]

/**
 * Open (and if need be make) the store in `dir`. One process at a time may have it open.
 *
 * @throws {StateStoreLockedError} another process has it open
 * @throws {StateStoreCorruptError} what is there is damaged
 * @throws {StateStoreUnusableError} not a directory, no permission, no space
 */
export async function openLevelStore(dir: string): Promise<StateStore> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await assertWhole(dir)
    const db: Database = new ClassicLevel(dir, { keyEncoding: 'utf8', valueEncoding: 'view' })
    await db.open()
    return new LevelStore(dir, db)
  } catch (error) {
    throw explain(dir, error)
  }
}

class LevelStore implements StateStore {
  readonly #dir: string
  readonly #db: Database
  /** Batches under way at once run on several threads, in any order: an older vote record would replace a newer one. */
  readonly #turns = createTurns()
  /**
   * A write failed. LevelDB's log may then end in half a record, and whatever is appended behind that is not found at the
   * next start although it was synced: the log has to be begun anew first.
   */
  #isTorn = false
  #isClosed = false
  /** What is being listed just now. */
  readonly #listings = new Set<Listing>()
  /** Reading waits for it: the database is closed for a moment. Never rejects. */
  #mending: Promise<unknown> = Promise.resolve()

  constructor(dir: string, db: Database) {
    this.#dir = dir
    this.#db = db
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const value = await this.#whenOpen(() => this.#db.get(key))
    return value == null ? undefined : plain(value)
  }

  async *entries(
    prefix: string,
    { reverse = false, limit = Infinity }: { reverse?: boolean; limit?: number } = {}
  ): AsyncIterable<{ key: string; value: Uint8Array }> {
    // Keys are printable ASCII, so DEL is above every key with this prefix.
    const range = { gte: prefix, lt: `${prefix}\x7f`, reverse, limit }
    const listing = await this.#whenOpen(async () => this.#list(range))
    try {
      for (;;) {
        const entry = await this.#explained(() => listing.next())
        if (entry == null) return
        yield { key: entry[0], value: plain(entry[1]) }
      }
    } finally {
      this.#listings.delete(listing)
      await listing.close()
    }
  }

  #list(range: IteratorOptions<string, Uint8Array>): Listing {
    const listing = new Listing(this.#db.iterator(range))
    this.#listings.add(listing)
    return listing
  }

  async write(writes: StateWrite[]): Promise<void> {
    for (const { key } of writes) checkKey(key)
    const batch = writes.map(({ key, value }) =>
      value == null ? { type: 'del' as const, key } : { type: 'put' as const, key, value }
    )
    await this.#turns.take(() => this.#explained(() => this.#append(batch)))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#turns.take(() => this.#db.close())
  }

  async #append(batch: Batch): Promise<void> {
    if (this.#isClosed) throw new StateStoreClosedError()
    if (this.#isTorn) await this.#mend()
    try {
      await this.#db.batch(batch, { sync: true })
    } catch (error) {
      this.#isTorn = true
      throw error
    }
  }

  /** Opening reads the log up to where it is torn, and begins another. Not before there is room: else nothing could be read. */
  async #mend(): Promise<void> {
    await assertRoom(this.#dir)
    const reopened = this.#reopen()
    this.#mending = reopened.catch(() => undefined)
    await reopened
    this.#isTorn = false
  }

  /** What is being listed is read to its end first: closing ends it, and it must not show what is written later. */
  async #reopen(): Promise<void> {
    await Promise.all([...this.#listings].map((listing) => listing.readAhead()))
    await this.#db.close()
    await this.#db.open()
  }

  /** Act at a moment when the database is not being opened anew. */
  async #whenOpen<T>(act: () => Promise<T>): Promise<T> {
    for (let seen: unknown; seen !== this.#mending;) {
      seen = this.#mending
      await seen
    }
    return await this.#explained(act)
  }

  async #explained<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      throw explain(this.#dir, error)
    }
  }
}

/** LevelDB hands out Node Buffers, whose `slice()` is a view: give what the interface says. */
function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

/** What a LevelDB or file system failure means to the person who runs the peer. */
function explain(dir: string, error: unknown): unknown {
  const codes = chain(error).map((e) => e.code)
  const cause = chain(error).at(-1)
  if (codes.includes('LEVEL_LOCKED')) return new StateStoreLockedError(dir, { cause })
  if (codes.includes('LEVEL_CORRUPTION')) return new StateStoreCorruptError(dir, { cause })
  if (codes.some(isEnvironment)) return new StateStoreUnusableError(dir, { cause })
  if (codes.includes('LEVEL_DATABASE_NOT_OPEN') || codes.includes('LEVEL_ITERATOR_NOT_OPEN'))
    return new StateStoreClosedError({ cause })
  return error
}

function isEnvironment(code: string | undefined): boolean {
  return code === 'LEVEL_IO_ERROR' || (code != null && /^E[A-Z]+$/.test(code))
}

/** An error and its causes, outermost first. */
function chain(error: unknown): (Error & { code?: string })[] {
  return error instanceof Error ? [error, ...chain(error.cause)] : []
}
