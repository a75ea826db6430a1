/**
 * A virtual disk: a map whose writes take time, and which a crash finds in the middle of some.
 *
 * A write is one atomic batch, as a write-ahead log with checksums makes it (LevelDB): it is durable from its sync on,
 * and only then is the writer told. Writes that are under way together are synced in any order. A crash keeps those
 * that were synced; of the others each may have reached the platter all the same (the writer was not told), or is
 * torn, and then recovery finds the checksum wrong and drops it whole.
 */
import { uniform } from '../../../src/random.ts'
import type { VirtualTime } from './time.ts'
import type { Random } from '../../../src/random.ts'

export interface DiskInit {
  time: VirtualTime
  random: Random
  /** How long a sync takes now, in virtual milliseconds. */
  syncMs: () => number
}

/** `value: null` deletes. */
export interface DiskWrite<V> {
  key: string
  value: V | null
}

export class VirtualDisk<V> {
  readonly #init: DiskInit
  /** What a crash leaves. */
  readonly durable = new Map<string, V>()
  /** Writes that are not synced yet, with how to forget them. */
  readonly #pending = new Map<readonly DiskWrite<V>[], () => void>()

  constructor(init: DiskInit) {
    this.#init = init
  }

  /** What is being written, in the order of the calls. */
  get pending(): readonly (readonly DiskWrite<V>[])[] {
    return [...this.#pending.keys()]
  }

  /** `done` is called when the writes are durable; never, if a crash comes before. */
  write(writes: readonly DiskWrite<V>[], done: () => void): void {
    const cancel = this.#init.time.after(this.#init.syncMs(), () => {
      this.#pending.delete(writes)
      this.#apply(writes)
      done()
    })
    this.#pending.set(writes, cancel)
  }

  /**
   * The power goes: what was not synced is lost, torn, or happens to be there.
   *
   * @param survives - does the nth of the pending writes happen to be there? Default: chance decides
   */
  crash(survives: (nth: number) => boolean = () => uniform(this.#init.random) < 1 / 3): void {
    for (const [nth, [writes, cancel]] of [...this.#pending].entries()) {
      cancel()
      if (survives(nth)) this.#apply(writes)
    }
    this.#pending.clear()
  }

  #apply(writes: readonly DiskWrite<V>[]): void {
    for (const { key, value } of writes) {
      if (value == null) this.durable.delete(key)
      else this.durable.set(key, value)
    }
  }
}
