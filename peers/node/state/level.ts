/**
 * The state store on disk: LevelDB, one batch a write, synced. A batch is one record in LevelDB's log, with a
 * checksum: after a crash it is there as a whole or not at all.
 *
 * @see https://github.com/google/leveldb/blob/main/doc/index.md#synchronous-writes
 */
import { mkdir } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import type { BatchOperation } from 'classic-level'
import { checkKey, StateStoreClosedError } from '../../../src/state/keys.ts'
import { createTurns } from '../../../src/turns.ts'
import { StateStoreCorruptError, StateStoreLockedError, StateStoreUnusableError } from './errors.ts'
import { assertRoom } from './room.ts'
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
  /** Reading waits for it: the database is closed for a moment. Never rejects. */
  #mending: Promise<unknown> = Promise.resolve()

  constructor(dir: string, db: Database) {
    this.#dir = dir
    this.#db = db
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.#mending
    const value = await this.#explained(() => this.#db.get(key))
    return value == null ? undefined : plain(value)
  }

  async *entries(
    prefix: string,
    { reverse = false, limit = Infinity }: { reverse?: boolean; limit?: number } = {}
  ): AsyncIterable<{ key: string; value: Uint8Array }> {
    await this.#mending
    // Keys are printable ASCII, so DEL is above every key with this prefix.
    const range = { gte: prefix, lt: `${prefix}\x7f`, reverse, limit }
    try {
      for await (const [key, value] of this.#db.iterator(range)) yield { key, value: plain(value) }
    } catch (error) {
      throw explain(this.#dir, error)
    }
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
    const reopened = this.#db.close().then(async () => await this.#db.open())
    this.#mending = reopened.catch(() => undefined)
    await reopened
    this.#isTorn = false
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
  if (codes.includes('LEVEL_DATABASE_NOT_OPEN')) return new StateStoreClosedError({ cause })
  return error
}

function isEnvironment(code: string | undefined): boolean {
  return code === 'LEVEL_IO_ERROR' || (code != null && /^E[A-Z]+$/.test(code))
}

/** An error and its causes, outermost first. */
function chain(error: unknown): (Error & { code?: string })[] {
  return error instanceof Error ? [error, ...chain(error.cause)] : []
}
