/** Entries being listed. */
import { createTurns } from '../../../src/turns.ts'
import type { ClassicLevel, Iterator } from 'classic-level'

type Entry = [key: string, value: Uint8Array]
type Entries = Iterator<ClassicLevel<string, Uint8Array>, string, Uint8Array>

/** An iterator that may be read to its end ahead of whoever lists, so that its database can be closed meanwhile. */
export class Listing {
  readonly #entries: Entries
  /** An iterator is asked for one thing at a time. */
  readonly #turns = createTurns()
  /** What was read ahead. */
  #rest: Entry[] | null = null

  constructor(entries: Entries) {
    this.#entries = entries
  }

  /** Undefined: that was all. */
  async next(): Promise<Entry | undefined> {
    return await this.#turns.take(async () =>
      this.#rest == null ? await this.#entries.next() : this.#rest.shift()
    )
  }

  /** From now on nothing is asked of the database any more. */
  async readAhead(): Promise<void> {
    await this.#turns.take(async () => {
      if (this.#rest != null) return
      this.#rest = await this.#entries.all()
      await this.#entries.close()
    })
  }

  async close(): Promise<void> {
    await this.#turns.take(() => this.#entries.close())
  }
}
