/**
 * A state store in memory: for tests, simulations and peers that keep nothing. It is also the test double of a disk:
 * `sync` stands where the disk's sync would, and `crash()` cuts the power.
 */
import { checkKey, StateStoreClosedError } from './keys.ts'
import type { StateStore, StateWrite } from './store.ts'

export interface MemoryStoreOptions {
  /** Awaited by each write before it takes effect. Throw to fail the write; stay pending to hold it unsynced. */
  sync?: (writes: readonly StateWrite[]) => Promise<void>
}

export interface MemoryStore extends StateStore {
  /**
   * As after a power cut: this store is dead, and the returned one holds exactly the writes whose promise had
   * resolved. A write that was still syncing is lost as a whole.
   */
  crash(): MemoryStore
}

/** An empty store, or one with the given entries. */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new Memory(new Map(), options)
}

class Memory implements MemoryStore {
  /** Keys are in no order here; `entries` sorts. */
  readonly #values: Map<string, Uint8Array>
  readonly #options: MemoryStoreOptions
  #closed = false

  constructor(values: Map<string, Uint8Array>, options: MemoryStoreOptions) {
    this.#values = values
    this.#options = options
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#mustBeOpen()
    return this.#values.get(key)?.slice()
  }

  async *entries(
    prefix: string,
    options: { reverse?: boolean; limit?: number } = {}
  ): AsyncIterable<{ key: string; value: Uint8Array }> {
    this.#mustBeOpen()
    for (const [key, value] of select(this.#values, prefix, options)) yield { key, value: value.slice() }
  }

  async write(writes: StateWrite[]): Promise<void> {
    this.#mustBeOpen()
    for (const write of writes) checkKey(write.key)
    const copies = writes.map((write) => ({ ...write, value: write.value?.slice() ?? null }))
    await this.#options.sync?.(writes)
    this.#mustBeOpen()
    for (const { key, value } of copies) {
      if (value == null) this.#values.delete(key)
      else this.#values.set(key, value)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  crash(): MemoryStore {
    this.#closed = true
    return new Memory(new Map(this.#values), this.#options)
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StateStoreClosedError()
  }
}

/** A snapshot: entries with the prefix, in key order, as they are at the call. */
function select(
  values: Map<string, Uint8Array>,
  prefix: string,
  { reverse = false, limit = Infinity }: { reverse?: boolean; limit?: number }
): [string, Uint8Array][] {
  const direction = reverse ? -1 : 1
  return [...values]
    .filter(([key]) => key.startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -direction : direction))
    .slice(0, limit)
}
